// SPDX-License-Identifier: MIT
#include "state/message_table.h"

#include <algorithm>
#include <utility>

#include "state/database.h"

namespace mailhaul::state {

namespace {

// Both statements that read whole rows select the same columns. "check" is quoted because it is a keyword of
// SQL.
constexpr const char* one_message =
    "SELECT id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl, \"check\", gone, "
    "absent_days, absent_since, header, content, received_bytes, remade FROM messages "
    "WHERE mailbox = ?1 AND id = ?2";
constexpr const char* all_messages =
    "SELECT id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl, \"check\", gone, "
    "absent_days, absent_since, header, content, received_bytes, remade FROM messages "
    "WHERE mailbox = ?1 ORDER BY id";
struct MessageColumn {
  enum : int {
    id,
    standing,
    bytes,
    ordinal,
    suspect,
    failures,
    told,
    delivered,
    due,
    uidl,
    check,
    gone,
    absent_days,
    absent_since,
    header,
    content,
    received_bytes,
    remade
  };
};

// Because of the plus, SQLite does not search for the id, but compares it with that of each row.
constexpr const char* has_message = "SELECT 1 FROM messages WHERE mailbox = ?1 AND +id = ?2";

// REPLACE would delete the old row first, and its landings with it.
constexpr const char* write_message =
    "INSERT INTO messages (mailbox, id, standing, bytes, ordinal, suspect, failures, told, delivered, due, "
    "uidl, \"check\", gone, absent_days, absent_since, header, content, received_bytes, remade) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) "
    "ON CONFLICT (mailbox, id) DO UPDATE SET standing = ?3, bytes = ?4, ordinal = ?5, suspect = ?6, "
    "failures = ?7, told = ?8, delivered = ?9, due = ?10, uidl = ?11, \"check\" = ?12, gone = ?13, "
    "absent_days = ?14, absent_since = ?15, header = ?16, content = ?17, received_bytes = ?18, remade = ?19";

constexpr const char* update_message =
    "UPDATE messages SET standing = ?3, bytes = ?4, ordinal = ?5, suspect = ?6, failures = ?7, told = ?8, "
    "delivered = ?9, due = ?10, \"check\" = ?11, gone = ?12, absent_days = ?13, absent_since = ?14 "
    "WHERE mailbox = ?1 AND id = ?2";

constexpr const char* remove_message = "DELETE FROM messages WHERE mailbox = ?1 AND id = ?2";

// What a poll needs. The hashes come last in a row, so that they are not decoded.
constexpr const char* message_summaries =
    "SELECT id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl, \"check\" "
    "FROM messages WHERE mailbox = ?1 ORDER BY id";
struct SummaryColumn {
  enum : int { id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl, check };
};

constexpr const char* span_of_ids =
    "SELECT (SELECT max(id) FROM messages WHERE mailbox = ?1) - (SELECT min(id) FROM messages WHERE mailbox "
    "= ?1) + 1";
constexpr const char* highest_id = "SELECT ifnull(max(id), 0) FROM messages WHERE mailbox = ?1";

constexpr const char* absent_messages =
    "SELECT id, absent_days FROM messages INDEXED BY absent WHERE mailbox = ?1 AND absent_days > 0 ORDER BY "
    "id";
struct AbsentColumn {
  enum : int { id, absent_days };
};
constexpr const char* long_absent_messages =
    "SELECT id FROM messages INDEXED BY absent "
    "WHERE mailbox = ?1 AND absent_days > 0 AND absent_days >= ?2 "
    "AND max(absent_since * 86400, ifnull(gone, 0), ifnull(delivered, 0)) < ?3 "
    "AND NOT EXISTS (SELECT 1 FROM landings WHERE mailbox = ?1 AND row = messages.id)";

/// The checksum of what a poll reads. `row` is a Row or a RowSummary; a RowSummary does not hold the ordinal.
template <typename AnyRow>
Checksum checksum_of_summary(MailboxId mailbox, const AnyRow& row, std::uint32_t ordinal) {
  Checksum sum;
  sum.add(static_cast<std::uint64_t>(mailbox));
  sum.add(static_cast<std::uint64_t>(row.id));
  sum.add(row.bytes);
  sum.add(std::uint64_t{ordinal} << 32U | row.failures);
  sum.add(static_cast<std::uint64_t>(row.standing) << 2U | (row.suspect ? 2U : 0U) | (row.told ? 1U : 0U));
  sum.add(row.delivered);
  sum.add(row.due);
  sum.add(std::string_view(row.uidl));
  return sum;
}

/// The checksum that is stored in a row, and the part of the row in the totals of its mailbox.
struct Sums {
  std::int64_t check = 0;
  std::uint64_t sum = 0;
};

std::uint64_t part_of_totals(Checksum summary, std::int64_t check) {
  summary.add(static_cast<std::uint64_t>(check));
  return summary.value();
}

Sums sums_of(MailboxId mailbox, const MessageRow& message) {
  const Checksum summary = checksum_of_summary(mailbox, message.row, message.row.ordinal);
  Checksum all = summary;
  all.add(message.row.gone);
  all.add(static_cast<std::uint64_t>(message.absent_days));
  all.add(message.absent_since);
  all.add(message.row.header);
  all.add(message.row.content);
  const auto of_version_3 = message.row.received_bytes << 1U | (message.row.remade ? 1U : 0U);
  if (of_version_3 != 0) all.add(of_version_3);  // rows of version 2 keep their checksums
  return {.check = all.short_value(), .sum = part_of_totals(summary, all.short_value())};
}

MessageRow read_message(const Cursor& stored) {
  using Column = MessageColumn;
  return {.row = {.id = stored.integer(Column::id),
                  .standing = stored.choice(Column::standing, Standing::gone),
                  .uidl = std::string(stored.bytes(Column::uidl)),
                  .bytes = stored.number<std::uint64_t>(Column::bytes),
                  .header = stored.hash(Column::header),
                  .content = stored.hash(Column::content),
                  .ordinal = stored.number<std::uint32_t>(Column::ordinal),
                  .delivered = stored.time(Column::delivered),
                  .gone = stored.time(Column::gone),
                  .due = stored.time(Column::due),
                  .suspect = stored.flag(Column::suspect),
                  .failures = stored.number<std::uint32_t>(Column::failures),
                  .told = stored.flag(Column::told),
                  .received_bytes = stored.number<std::uint64_t>(Column::received_bytes),
                  .remade = stored.flag(Column::remade)},
          .absent_days = stored.integer(Column::absent_days),
          .absent_since = stored.optional_integer(Column::absent_since)};
}

}  // namespace

void HashIndexes::add(std::span<const Row> rows) {
  for (const auto& row : rows) {
    headers.add(row.header, row.id);
    contents.add(row.content, row.id);
  }
}

MessageTable::MessageTable(Database& database) noexcept
    : database_(database),
      read_(database, one_message),
      has_(database, has_message),
      write_(database, write_message),
      update_(database, update_message),
      remove_(database, remove_message),
      summaries_(database, message_summaries),
      all_(database, all_messages),
      span_(database, span_of_ids),
      highest_(database, highest_id),
      absent_(database, absent_messages),
      absent_for_(database, long_absent_messages) {}

std::optional<MessageRow> MessageTable::read(MailboxId mailbox, RowId row) {
  auto stored = read_.query(mailbox, row);
  if (!stored.next()) return std::nullopt;
  return checked(mailbox, stored);
}

MessageRow MessageTable::checked(MailboxId mailbox, const Cursor& stored) const {
  MessageRow message = read_message(stored);
  const Sums sums = sums_of(mailbox, message);
  if (sums.check != stored.integer(MessageColumn::check))
    throw database_.damage("the checksum of a message is wrong");
  message.sum = sums.sum;
  return message;
}

bool MessageTable::has(MailboxId mailbox, RowId row) { return has_.query(mailbox, row).next(); }

std::uint64_t MessageTable::write(MailboxId mailbox, const MessageRow& message) {
  const Row& row = message.row;
  const Sums sums = sums_of(mailbox, message);
  write_.run(mailbox, row.id, static_cast<int>(row.standing), row.bytes, row.ordinal, row.suspect,
             row.failures, row.told, row.delivered, row.due, Blob{row.uidl}, sums.check, row.gone,
             message.absent_days, message.absent_since, row.header, row.content, row.received_bytes,
             row.remade);
  return sums.sum;
}

std::uint64_t MessageTable::update(MailboxId mailbox, const MessageRow& message) {
  const Row& row = message.row;
  const Sums sums = sums_of(mailbox, message);
  update_.run(mailbox, row.id, static_cast<int>(row.standing), row.bytes, row.ordinal, row.suspect,
              row.failures, row.told, row.delivered, row.due, sums.check, row.gone, message.absent_days,
              message.absent_since);
  return sums.sum;
}

void MessageTable::remove(MailboxId mailbox, RowId row) { remove_.run(mailbox, row); }

Summaries MessageTable::summaries(MailboxId mailbox) {
  using Column = SummaryColumn;
  constexpr std::size_t enough = 1'000'000;  // ids may have gaps
  Summaries all;
  std::vector<RowSummary>& rows = all.rows.rows_;
  // Without this, growing the vector would take a quarter of the time.
  rows.reserve(std::min(count_at_most(mailbox), enough));
  RowId last = 0;
  auto stored = summaries_.query(mailbox);
  while (stored.next()) {
    RowSummary& row = rows.emplace_back();
    row.id = stored.integer(Column::id);
    row.standing = stored.choice(Column::standing, Standing::gone);
    row.bytes = stored.number<std::uint64_t>(Column::bytes);
    row.suspect = stored.flag(Column::suspect);
    row.failures = stored.number<std::uint32_t>(Column::failures);
    row.told = stored.flag(Column::told);
    row.delivered = stored.time(Column::delivered);
    row.due = stored.time(Column::due);
    row.uidl = all.rows.keep(stored.bytes(Column::uidl));
    const auto summary = checksum_of_summary(mailbox, row, stored.number<std::uint32_t>(Column::ordinal));
    all.totals.add(part_of_totals(summary, stored.integer(Column::check)));
    if (row.id <= std::exchange(last, row.id))
      throw database_.damage("messages are not in the order of their ids");
  }
  return all;
}

HashIndexes MessageTable::hashes(MailboxId mailbox) {
  HashIndexes all{.mailbox = mailbox, .headers = {}, .contents = {}};
  visit(mailbox, [&all](const Row& row) { all.add({&row, 1}); });
  return all;
}

RowTotals MessageTable::visit(MailboxId mailbox, const std::function<void(const Row&)>& visit) {
  RowTotals totals;
  auto stored = all_.query(mailbox);
  while (stored.next()) {
    const MessageRow message = checked(mailbox, stored);
    totals.add(message.sum);
    visit(message.row);
  }
  return totals;
}

std::size_t MessageTable::count_at_most(MailboxId mailbox) {
  auto span = span_.query(mailbox);
  return span.next() ? static_cast<std::size_t>(std::max<std::int64_t>(span.integer(0), 0)) : 0;
}

RowId MessageTable::highest_row(MailboxId mailbox) {
  auto highest = highest_.query(mailbox);
  return highest.next() ? highest.integer(0) : 0;
}

std::vector<AbsentRow> MessageTable::absent(MailboxId mailbox) {
  using Column = AbsentColumn;
  std::vector<AbsentRow> rows;
  auto stored = absent_.query(mailbox);
  while (stored.next()) {
    rows.push_back({.row = stored.integer(Column::id), .days = stored.integer(Column::absent_days)});
  }
  return rows;
}

std::vector<RowId> MessageTable::absent_for(MailboxId mailbox, std::int64_t days, Time before) {
  return read_ids(absent_for_.query(mailbox, days, before));
}

}  // namespace mailhaul::state
