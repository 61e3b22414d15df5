// SPDX-License-Identifier: MIT
// The part of Store about messages and their landings: reading them, and the transaction that changes them.
#include <algorithm>
#include <string>

#include "state/connection.h"
#include "state/store.h"
#include "state/transaction.h"

namespace mailhaul::state {

namespace {

void apply(const Change& change, MailboxWriter& writer) {
  for (const auto& row : change.rows)
    writer.put(MessageRow{.row = row});  // it is listed, so it counts no days of absence
  for (const auto& landing : change.landings) writer.put(landing);
  std::vector<RowId> complete = change.without_landings;
  for (const auto& delivery : change.delivered) {
    writer.change_row(delivery.row, [&](MessageRow& message) {
      message.row.standing = delivery.standing;
      message.row.delivered = delivery.when;
      message.row.due.reset();
      message.row.failures = 0;
    });
    complete.push_back(delivery.row);
  }
  for (const auto& removal : change.removed) {
    writer.change_row(removal.row, [&](MessageRow& message) {
      message.row.standing = Standing::gone;
      message.row.gone = removal.when;
      message.absent_days = 0;
      message.absent_since.reset();
    });
  }
  for (const RowId row : change.suspected) {
    writer.change_row(row, [](MessageRow& message) { message.row.suspect = true; });
  }
  writer.remove_landings(std::move(complete));
  writer.forget(change.forgotten);
}

/// False if a landing that is in the table is not found by its row: then the table is damaged.
bool all_found_by_row(LandingTable& table, MailboxId mailbox, const std::vector<Landing>& landings) {
  for (auto first = landings.begin(); first != landings.end();) {
    const auto is_of_another_row = [&](const Landing& landing) { return landing.row != first->row; };
    const auto next = std::find_if(first, landings.end(), is_of_another_row);
    if (std::ssize(table.of_rows(mailbox, {first->row, first->row})) != next - first) return false;
    first = next;
  }
  return true;
}

}  // namespace

HashIndexes& Store::Connection::hashes_of(MailboxId mailbox) {
  if (!hashes || hashes->mailbox != mailbox) hashes = tables.messages.hashes(mailbox);
  return *hashes;
}

void Store::Connection::require_whole(const RowTotals& stored, const RowTotals& written) {
  if (stored != written) throw database.damage("rows of a mailbox are missing or have changed");
}

void Store::Connection::flush(MailboxId mailbox) {
  database.require_sound();
  Transaction transaction(database, Durability::synced);
  MailboxWriter writer(tables, mailbox);
  ++writer.mailbox().flushes;  // a transaction that changes nothing is not flushed by SQLite
  writer.finish();
  transaction.commit();
  note_commit(Durability::synced);
}

void Store::Connection::note_commit(Durability durability) {
  unsynced = durability == Durability::unsynced;
  inherited = inherited && unsynced;
}

std::size_t Store::row_count_at_most(MailboxId mailbox) const {
  return connection_->tables.messages.count_at_most(mailbox);
}

MailboxRows Store::rows(MailboxId mailbox) const {
  Connection& connection = *connection_;
  const Snapshot snapshot(connection.database);
  // Each page of the table is needed once, so few of them are kept meanwhile.
  const auto usual = std::to_string(connection.database.number("PRAGMA cache_size"));
  connection.database.execute("PRAGMA cache_size = -200");
  auto [rows, totals] = connection.tables.messages.summaries(mailbox);
  connection.database.execute(("PRAGMA cache_size = " + usual).c_str());
  connection.require_whole(totals, connection.tables.mailboxes.read(mailbox).messages);
  rows.mark_landings(landings(mailbox));
  return std::move(rows);
}

std::optional<Row> Store::row(MailboxId mailbox, RowId id) const {
  auto& messages = connection_->tables.messages;
  if (auto found = messages.read(mailbox, id)) return std::move(found->row);
  // A damaged row may be read in the order of the table, and still not be found by its id. Its message would
  // be taken for new mail.
  if (messages.has(mailbox, id)) throw connection_->database.damage("a message cannot be found by its id");
  return std::nullopt;
}

void Store::for_each_row(MailboxId mailbox, const std::function<void(const Row&)>& visit) const {
  Connection& connection = *connection_;
  const Snapshot snapshot(connection.database);
  const RowTotals totals = connection.tables.messages.visit(mailbox, visit);
  connection.require_whole(totals, connection.tables.mailboxes.read(mailbox).messages);
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

std::vector<Landing> Store::landings(MailboxId mailbox) const {
  Connection& connection = *connection_;
  const Snapshot snapshot(connection.database);
  auto landings = connection.tables.landings.all(mailbox);
  RowTotals totals;
  for (const auto& landing : landings) totals.add(sum_of(mailbox, landing));
  connection.require_whole(totals, connection.tables.mailboxes.read(mailbox).landings);
  if (!all_found_by_row(connection.tables.landings, mailbox, landings)) {
    throw connection.database.damage("a delivery cannot be found by its message");
  }
  return landings;
}

std::vector<Landing> Store::landings_of(MailboxId mailbox, RowId row) const {
  return connection_->tables.landings.of_rows(mailbox, {row, row});
}

std::vector<Landing> Store::unfinished_landings() const { return connection_->tables.landings.unfinished(); }

RowId Store::next_row(MailboxId mailbox) {
  connection_->database.require_sound();
  auto [last, fresh] = connection_->last_row.try_emplace(mailbox, 0);
  if (fresh) {
    auto& tables = connection_->tables;
    last->second = std::max(tables.mailboxes.read(mailbox).last_row, tables.messages.highest_row(mailbox));
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
  MailboxWriter writer(connection.tables, mailbox);
  apply(change, writer);
  writer.finish();
  transaction.commit();
  connection.note_commit(durability);
  if (connection.hashes && connection.hashes->mailbox == mailbox) connection.hashes->add(change.rows);
}

void Store::commit(std::span<const MailboxChange> changes) {
  Connection& connection = *connection_;
  connection.database.require_sound();
  connection.hashes.reset();
  Transaction transaction(connection.database, Durability::synced);
  for (const auto& [mailbox, change] : changes) {
    if (change.empty()) continue;
    MailboxWriter writer(connection.tables, mailbox);
    apply(change, writer);
    writer.finish();
  }
  transaction.commit();
  connection.note_commit(Durability::synced);
}

void Store::flush(MailboxId mailbox) {
  if (connection_->unsynced || connection_->inherited) connection_->flush(mailbox);
}

}  // namespace mailhaul::state
