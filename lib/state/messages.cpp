// SPDX-License-Identifier: MIT
// The part of Store about messages and their landings: reading them, and the transaction that changes them.
#include <algorithm>

#include "state/connection.h"
#include "state/database_file.h"
#include "state/store.h"
#include "state/transaction.h"

namespace mailhaul::state {

HashIndexes& Store::Connection::hashes_of(MailboxId mailbox) {
  if (!hashes || hashes->mailbox != mailbox) hashes = messages.hashes(mailbox);
  return *hashes;
}

MailboxRow Store::Connection::mailbox(MailboxId mailbox) {
  if (auto found = mailboxes.read(mailbox)) return *std::move(found);
  throw damaged(database.file(), "a mailbox is missing");
}

void Store::Connection::put(MailboxId mailbox, const Row& row) {
  messages.write(mailbox, {.row = row});
  if (hashes && hashes->mailbox == mailbox) {
    hashes->headers.add(row.header, row.id);
    hashes->contents.add(row.content, row.id);
  }
}

void Store::Connection::forget(MailboxId mailbox, std::span<const RowId> rows) {
  if (rows.empty()) return;
  // An id is never given to another message: what is not settled yet may still name it.
  MailboxRow owner = this->mailbox(mailbox);
  owner.last_row = std::max(owner.last_row, std::ranges::max(rows));
  mailboxes.write(owner);
  for (const RowId row : rows) messages.remove(mailbox, row);
}

void Store::Connection::flush(MailboxId mailbox) {
  database.require_sound();
  Transaction transaction(database, Durability::synced);
  MailboxRow changed = this->mailbox(mailbox);
  ++changed.flushes;  // a transaction has to change something, or SQLite has nothing to flush
  mailboxes.write(changed);
  transaction.commit();
  note_commit(Durability::synced);
}

void Store::Connection::note_commit(Durability durability) {
  unsynced = durability == Durability::unsynced;
  inherited = inherited && unsynced;
}

std::size_t Store::row_count_at_most(MailboxId mailbox) const {
  return connection_->messages.count_at_most(mailbox);
}

MailboxRows Store::rows(MailboxId mailbox) const {
  MailboxRows rows = connection_->messages.summaries(mailbox);
  rows.mark_landings(connection_->landings.rows(mailbox));
  return rows;
}

std::optional<Row> Store::row(MailboxId mailbox, RowId id) const {
  auto found = connection_->messages.read(mailbox, id);
  if (!found) return std::nullopt;
  return std::move(found->row);
}

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

std::vector<Landing> Store::landings(MailboxId mailbox) const { return connection_->landings.all(mailbox); }

std::vector<Landing> Store::landings_of(MailboxId mailbox, RowId row) const {
  return connection_->landings.of_row(mailbox, row);
}

std::vector<Landing> Store::unfinished_landings() const { return connection_->landings.unfinished(); }

RowId Store::next_row(MailboxId mailbox) {
  connection_->database.require_sound();
  auto [last, fresh] = connection_->last_row.try_emplace(mailbox, 0);
  if (fresh) {
    last->second =
        std::max(connection_->mailbox(mailbox).last_row, connection_->messages.highest_row(mailbox));
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
  for (const auto& landing : change.landings) connection.landings.write(mailbox, landing);
  for (const auto& delivery : change.delivered) {
    connection.change_row(mailbox, delivery.row, [&](MessageRow& message) {
      message.row.standing = delivery.standing;
      message.row.delivered = delivery.when;
      message.row.due.reset();
      message.row.failures = 0;
    });
    connection.landings.remove(mailbox, delivery.row);
  }
  for (const auto& removal : change.removed) {
    connection.change_row(mailbox, removal.row, [&](MessageRow& message) {
      message.row.standing = Standing::gone;
      message.row.gone = removal.when;
      message.absent_days = 0;
      message.absent_since.reset();
    });
  }
  for (const RowId row : change.settled) connection.landings.remove(mailbox, row);
  connection.forget(mailbox, change.forgotten);
  transaction.commit();
  connection.note_commit(durability);
}

void Store::flush(MailboxId mailbox) {
  if (connection_->unsynced || connection_->inherited) connection_->flush(mailbox);
}

}  // namespace mailhaul::state
