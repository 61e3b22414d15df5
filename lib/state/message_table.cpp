// SPDX-License-Identifier: MIT
#include "state/message_table.h"

#include <algorithm>

namespace mailhaul::state {

namespace {

constexpr const char* one_message =
    "SELECT standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl, gone, absent_days, "
    "absent_since, header, content FROM message WHERE mailbox = ?1 AND id = ?2";
struct MessageColumn {
  enum : int {
    standing,
    bytes,
    ordinal,
    suspect,
    failures,
    told,
    delivered,
    due,
    uidl,
    gone,
    absent_days,
    absent_since,
    header,
    content
  };
};

// Not REPLACE: that deletes the old row first, and its landings with it.
constexpr const char* write_message =
    "INSERT INTO message (mailbox, id, standing, bytes, ordinal, suspect, failures, told, delivered, due, "
    "uidl, gone, absent_days, absent_since, header, content) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) "
    "ON CONFLICT (mailbox, id) DO UPDATE SET standing = ?3, bytes = ?4, ordinal = ?5, suspect = ?6, "
    "failures = ?7, told = ?8, delivered = ?9, due = ?10, uidl = ?11, gone = ?12, absent_days = ?13, "
    "absent_since = ?14, header = ?15, content = ?16";

constexpr const char* remove_message = "DELETE FROM message WHERE mailbox = ?1 AND id = ?2";

// What a poll needs. The hashes come last in a row, so that they are not decoded.
constexpr const char* message_summaries =
    "SELECT id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl "
    "FROM message WHERE mailbox = ?1 ORDER BY id";
struct SummaryColumn {
  enum : int { id, standing, bytes, ordinal, suspect, failures, told, delivered, due, uidl };
};

constexpr const char* message_hashes =
    "SELECT id, header, content FROM message WHERE mailbox = ?1 ORDER BY id";
struct HashColumn {
  enum : int { id, header, content };
};

constexpr const char* span_of_ids =
    "SELECT (SELECT max(id) FROM message WHERE mailbox = ?1) - (SELECT min(id) FROM message WHERE mailbox = "
    "?1) + 1";
constexpr const char* highest_id = "SELECT ifnull(max(id), 0) FROM message WHERE mailbox = ?1";

constexpr const char* absent_messages =
    "SELECT id, absent_days FROM message INDEXED BY absent WHERE mailbox = ?1 AND absent_days > 0 ORDER BY "
    "id";
struct AbsentColumn {
  enum : int { id, absent_days };
};
constexpr const char* long_absent_messages =
    "SELECT id FROM message INDEXED BY absent "
    "WHERE mailbox = ?1 AND absent_days > 0 AND absent_days >= ?2 "
    "AND coalesce(gone, delivered, absent_since * 86400) < ?3 "
    "AND NOT EXISTS (SELECT 1 FROM landing WHERE mailbox = ?1 AND row = message.id)";

}  // namespace

MessageTable::MessageTable(Database& database) noexcept
    : read_(database, one_message),
      write_(database, write_message),
      remove_(database, remove_message),
      summaries_(database, message_summaries),
      hashes_(database, message_hashes),
      span_(database, span_of_ids),
      highest_(database, highest_id),
      absent_(database, absent_messages),
      absent_for_(database, long_absent_messages) {}

std::optional<MessageRow> MessageTable::read(MailboxId mailbox, RowId row) {
  using Column = MessageColumn;
  auto stored = read_.query(mailbox, row);
  if (!stored.next()) return std::nullopt;
  return MessageRow{.row = {.id = row,
                            .standing = stored.choice(Column::standing, Standing::gone),
                            .uidl = std::string(stored.bytes(Column::uidl)),
                            .bytes = stored.number<std::uint64_t>(Column::bytes),
                            .header = stored.hash(Column::header),
                            .content = stored.hash(Column::content),
                            .ordinal = stored.number<std::uint32_t>(Column::ordinal),
                            .delivered = stored.time(Column::delivered),
                            .gone = stored.time(Column::gone),
                            .due = stored.time(Column::due),
                            .suspect = stored.integer(Column::suspect) != 0,
                            .failures = stored.number<std::uint32_t>(Column::failures),
                            .told = stored.integer(Column::told) != 0},
                    .absent_days = stored.integer(Column::absent_days),
                    .absent_since = stored.optional_integer(Column::absent_since)};
}

void MessageTable::write(MailboxId mailbox, const MessageRow& message) {
  const Row& row = message.row;
  write_.run(mailbox, row.id, static_cast<int>(row.standing), row.bytes, row.ordinal, row.suspect,
             row.failures, row.told, row.delivered, row.due, Blob{row.uidl}, row.gone, message.absent_days,
             message.absent_since, row.header, row.content);
}

void MessageTable::remove(MailboxId mailbox, RowId row) { remove_.run(mailbox, row); }

MailboxRows MessageTable::summaries(MailboxId mailbox) {
  using Column = SummaryColumn;
  constexpr std::size_t enough = 1'000'000;  // ids may have gaps
  MailboxRows all;
  // Growing would cost a quarter of the whole reading.
  all.rows_.reserve(std::min(count_at_most(mailbox), enough));
  auto stored = summaries_.query(mailbox);
  while (stored.next()) {
    RowSummary& row = all.rows_.emplace_back();
    row.id = stored.integer(Column::id);
    row.standing = stored.choice(Column::standing, Standing::gone);
    row.bytes = stored.number<std::uint64_t>(Column::bytes);
    row.ordinal = stored.number<std::uint32_t>(Column::ordinal);
    row.suspect = stored.integer(Column::suspect) != 0;
    row.failures = stored.number<std::uint32_t>(Column::failures);
    row.told = stored.integer(Column::told) != 0;
    row.delivered = stored.time(Column::delivered);
    row.due = stored.time(Column::due);
    row.uidl = all.keep(stored.bytes(Column::uidl));
  }
  return all;
}

HashIndexes MessageTable::hashes(MailboxId mailbox) {
  using Column = HashColumn;
  HashIndexes all{.mailbox = mailbox, .headers = {}, .contents = {}};
  auto stored = hashes_.query(mailbox);
  while (stored.next()) {
    const RowId row = stored.integer(Column::id);
    all.headers.add(stored.hash(Column::header), row);
    all.contents.add(stored.hash(Column::content), row);
  }
  return all;
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
