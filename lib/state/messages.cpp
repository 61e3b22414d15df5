// SPDX-License-Identifier: MIT
// Messages and their landings, and the transaction that changes them.
#include <algorithm>

#include "state/connection.h"
#include "state/store.h"
#include "state/transaction.h"

namespace mailhaul::state {

namespace {

std::vector<Landing> read_landings(Cursor stored) {
  std::vector<Landing> landings;
  while (stored.next()) {
    landings.push_back({.row = stored.integer(0),
                        .target = std::string(stored.bytes(1)),
                        .ticket = std::string(stored.bytes(2)),
                        .state = stored.choice(3, LandingState::doubt)});
  }
  return landings;
}

}  // namespace

std::optional<Row> Store::Connection::row(MailboxId mailbox, RowId id) {
  auto stored = one_row.query(mailbox, id);
  if (!stored.next()) return std::nullopt;
  return Row{.id = stored.integer(0),
             .standing = stored.choice(1, Standing::gone),
             .uidl = std::string(stored.bytes(8)),
             .bytes = static_cast<std::uint64_t>(stored.integer(2)),
             .header = stored.hash(10),
             .content = stored.hash(11),
             .ordinal = static_cast<std::uint32_t>(stored.integer(3)),
             .delivered = stored.time(6),
             .gone = stored.time(9),
             .due = stored.time(7),
             .suspect = stored.integer(4) != 0,
             .failures = static_cast<std::uint32_t>(stored.integer(12)),
             .told = stored.integer(5) != 0};
}

Store::Connection::Hashes& Store::Connection::hashes_of(MailboxId mailbox) {
  if (!hashes || hashes->mailbox != mailbox) {
    Hashes all{.mailbox = mailbox, .headers = {}, .contents = {}};
    auto stored = all_hashes.query(mailbox);
    while (stored.next()) {
      all.headers.add(stored.hash(1), stored.integer(0));
      all.contents.add(stored.hash(2), stored.integer(0));
    }
    hashes = std::move(all);
  }
  return *hashes;
}

void Store::Connection::put(MailboxId mailbox, const Row& row) {
  put_row.run(mailbox, row.id, static_cast<int>(row.standing), row.bytes, row.ordinal, row.suspect, row.told,
              row.delivered, row.due, Blob{row.uidl}, row.gone, row.header, row.content, row.failures);
  if (hashes && hashes->mailbox == mailbox) {
    hashes->headers.add(row.header, row.id);
    hashes->contents.add(row.content, row.id);
  }
}

void Store::Connection::forget(MailboxId mailbox, std::span<const RowId> rows) {
  if (rows.empty()) return;
  // A row's id is part of file names and trace headers: it is never given to another message.
  keep_id.run(mailbox, std::ranges::max(rows));
  for (const RowId row : rows) drop_row.run(mailbox, row);
}

void Store::Connection::flush(MailboxId mailbox) {
  database.require_sound();
  Transaction transaction(database, Durability::synced);
  count_flush.run(mailbox);  // a transaction has to change something, or SQLite has nothing to flush
  transaction.commit();
  note_commit(Durability::synced);
}

void Store::Connection::note_commit(Durability durability) {
  unsynced = durability == Durability::unsynced;
  inherited = inherited && unsynced;
}

std::optional<Row> Store::row(MailboxId mailbox, RowId id) const { return connection_->row(mailbox, id); }

std::vector<Row> Store::rows_with_header(MailboxId mailbox, const util::Hash& header,
                                         std::uint64_t bytes) const {
  std::vector<Row> rows;
  for (const RowId id : connection_->hashes_of(mailbox).headers.candidates(header)) {
    auto found = row(mailbox, id);
    if (found && found->header == header && found->bytes == bytes) rows.push_back(std::move(*found));
  }
  return rows;
}

std::vector<Row> Store::rows_with_content(MailboxId mailbox, const util::Hash& content) const {
  std::vector<Row> rows;
  for (const RowId id : connection_->hashes_of(mailbox).contents.candidates(content)) {
    auto found = row(mailbox, id);
    if (!found || found->content != content) continue;
    if (found->standing != Standing::gone) rows.push_back(std::move(*found));
  }
  return rows;
}

std::vector<Landing> Store::landings(MailboxId mailbox) const {
  return read_landings(connection_->all_landings.query(mailbox));
}

std::vector<Landing> Store::unfinished_landings() const {
  return read_landings(connection_->unfinished_landings.query(static_cast<int>(LandingState::delivered)));
}

std::vector<Landing> Store::landings_of(MailboxId mailbox, RowId row) const {
  return read_landings(connection_->landings_of_row.query(mailbox, row));
}

RowId Store::next_row(MailboxId mailbox) {
  connection_->database.require_sound();
  auto [last, fresh] = connection_->last_row.try_emplace(mailbox, 0);
  if (fresh) {
    auto highest = connection_->highest_row.query(mailbox);
    if (highest.next()) last->second = highest.integer(0);
  }
  return ++last->second;
}

void Store::commit(MailboxId mailbox, const Change& change, Durability durability) {
  Connection& connection = *connection_;
  connection.database.require_sound();
  if (change.empty()) {
    if (connection.unsynced && durability == Durability::synced) connection.flush(mailbox);
    return;
  }
  Transaction transaction(connection.database, durability);
  for (const auto& row : change.rows) connection.put(mailbox, row);
  for (const auto& landing : change.landings) {
    connection.put_landing.run(mailbox, landing.row, Blob{landing.target}, Blob{landing.ticket},
                               static_cast<int>(landing.state));
  }
  for (const auto& delivery : change.delivered) {
    connection.note_delivery.run(mailbox, delivery.row, static_cast<int>(delivery.standing), delivery.when);
    connection.drop_landings.run(mailbox, delivery.row);
  }
  for (const auto& removal : change.removed) {
    connection.note_removal.run(mailbox, removal.row, static_cast<int>(Standing::gone), removal.when);
  }
  for (const RowId row : change.settled) connection.drop_landings.run(mailbox, row);
  connection.forget(mailbox, change.forgotten);
  transaction.commit();
  connection.note_commit(durability);
}

void Store::flush(MailboxId mailbox) {
  if (connection_->unsynced || connection_->inherited) connection_->flush(mailbox);
}

}  // namespace mailhaul::state
