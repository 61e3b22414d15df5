// SPDX-License-Identifier: MIT
#include "state/mailbox_table.h"

#include <algorithm>

#include "state/database.h"
#include "state/transaction.h"

namespace mailhaul::state {

namespace {

constexpr const char* find_mailbox = "SELECT id FROM mailboxes WHERE user = ?1 AND host = ?2 AND port = ?3";
constexpr const char* add_mailbox = "INSERT INTO mailboxes (user, host, port) VALUES (?1, ?2, ?3)";
constexpr const char* insert_mailbox = "INSERT INTO mailboxes (id, user, host, port) VALUES (?1, ?2, ?3, ?4)";
constexpr const char* mailbox_ids = "SELECT id FROM mailboxes ORDER BY id";

constexpr const char* one_mailbox =
    "SELECT user, host, port, last_row, absent_day, flushes, messages, messages_sum, landings, landings_sum, "
    "login_method, one_by_one_until, border_breaks, refused_logins, not_before, login_mark, failing_since, "
    "trouble_told, sizes_are_off, told_status, \"check\" FROM mailboxes WHERE id = ?1";
struct MailboxColumn {
  enum : int {
    user,
    host,
    port,
    last_row,
    absent_day,
    flushes,
    messages,
    messages_sum,
    landings,
    landings_sum,
    login_method,
    one_by_one_until,
    border_breaks,
    refused_logins,
    not_before,
    login_mark,
    failing_since,
    trouble_told,
    sizes_are_off,
    told_status,
    check
  };
};

constexpr const char* update_mailbox =
    "UPDATE mailboxes SET last_row = ?2, absent_day = ?3, flushes = ?4, messages = ?5, messages_sum = ?6, "
    "landings = ?7, landings_sum = ?8, login_method = ?9, one_by_one_until = ?10, border_breaks = ?11, "
    "refused_logins = ?12, not_before = ?13, login_mark = ?14, failing_since = ?15, trouble_told = ?16, "
    "sizes_are_off = ?17, told_status = ?18, \"check\" = ?19 WHERE id = ?1";

constexpr const char* rename_mailbox = "UPDATE mailboxes SET user = ?2, host = ?3, port = ?4 WHERE id = ?1";

constexpr const char* told_warnings = "SELECT text FROM told WHERE mailbox = ?1";
constexpr const char* add_told_warning = "INSERT OR IGNORE INTO told (mailbox, text) VALUES (?1, ?2)";

/// What is remembered of the server is left out: it decides about logins and warnings, not about mail.
std::int64_t check_of(const MailboxRow& row) {
  Checksum sum;
  sum.add(static_cast<std::uint64_t>(row.mailbox.id));
  sum.add(std::string_view(row.mailbox.user));
  sum.add(std::string_view(row.mailbox.host));
  sum.add(row.mailbox.port);
  sum.add(static_cast<std::uint64_t>(row.last_row));
  sum.add(row.absent_day);
  sum.add(static_cast<std::uint64_t>(row.flushes));
  for (const auto& totals : {row.messages, row.landings}) {
    sum.add(static_cast<std::uint64_t>(totals.count));
    sum.add(totals.sum);
  }
  return sum.short_value();
}

/// A time that is stored as 0 where there is none.
std::optional<Time> time_or_none(const Cursor& row, int column) {
  const auto seconds = row.integer(column);
  return seconds == 0 ? std::nullopt : std::optional(Time(std::chrono::seconds(seconds)));
}

}  // namespace

MailboxTable::MailboxTable(Database& database) noexcept
    : database_(database),
      find_(database, find_mailbox),
      add_(database, add_mailbox),
      insert_(database, insert_mailbox),
      ids_(database, mailbox_ids),
      read_(database, one_mailbox),
      write_(database, update_mailbox),
      rename_(database, rename_mailbox),
      told_(database, told_warnings),
      add_told_(database, add_told_warning) {}

std::optional<MailboxId> MailboxTable::find(std::string_view user, std::string_view host,
                                            std::uint16_t port) {
  const Snapshot snapshot(database_);  // so that no other process can add it between the two searches
  const auto is_asked_for = [&](MailboxId id) {
    const auto mailbox = read(id).mailbox;
    return mailbox.user == user && mailbox.host == host && mailbox.port == port;
  };
  const auto found = read_ids(find_.query(user, host, port));
  // When a mailbox is not found, a new row is made for it and all its mail is fetched again. So the table is
  // searched, too, when the index does not have the mailbox.
  const auto candidates = found.empty() ? ids() : found;
  const bool in_table = std::ranges::any_of(candidates, is_asked_for);
  if (in_table == found.empty()) throw database_.damage("the table of mailboxes and its index differ");
  if (!in_table) return std::nullopt;
  return found.front();
}

MailboxId MailboxTable::add(std::string_view user, std::string_view host, std::uint16_t port) {
  add_.run(user, host, port);
  MailboxRow row{.mailbox = {.user = std::string(user), .host = std::string(host), .port = port}};
  row.mailbox.id = read_ids(find_.query(user, host, port)).at(0);
  write(row);
  return row.mailbox.id;
}

void MailboxTable::insert(const MailboxRow& row) {
  const auto& mailbox = row.mailbox;
  insert_.run(mailbox.id, std::string_view(mailbox.user), std::string_view(mailbox.host), mailbox.port);
  write(row);
}

std::vector<MailboxId> MailboxTable::ids() { return read_ids(ids_.query()); }

MailboxRow MailboxTable::read(MailboxId mailbox) {
  using Column = MailboxColumn;
  auto row = read_.query(mailbox);
  if (!row.next()) throw database_.damage("a mailbox is missing");
  MailboxRow found{
      .mailbox = {.id = mailbox,
                  .user = std::string(row.bytes(Column::user)),
                  .host = std::string(row.bytes(Column::host)),
                  .port = row.number<std::uint16_t>(Column::port)},
      .last_row = row.integer(Column::last_row),
      .absent_day = row.optional_integer(Column::absent_day),
      .flushes = row.integer(Column::flushes),
      .messages = {.count = row.integer(Column::messages),
                   .sum = static_cast<std::uint64_t>(row.integer(Column::messages_sum))},
      .landings = {.count = row.integer(Column::landings),
                   .sum = static_cast<std::uint64_t>(row.integer(Column::landings_sum))},
      .server = {.login_method = std::string(row.bytes(Column::login_method)),
                 .one_by_one_until = row.time(Column::one_by_one_until),
                 .sizes_are_off = row.flag(Column::sizes_are_off),
                 .border_breaks = row.number<std::uint32_t>(Column::border_breaks),
                 .refused_logins = row.number<std::uint32_t>(Column::refused_logins),
                 .not_before = row.time(Column::not_before),
                 .login_mark = std::string(row.bytes(Column::login_mark)),
                 .failing_since = row.time(Column::failing_since),
                 .trouble_told = time_or_none(row, Column::trouble_told),
                 .told_status = static_cast<int>(row.number<std::uint8_t>(Column::told_status))}};
  if (check_of(found) != row.integer(Column::check)) {
    throw database_.damage("the checksum of a mailbox is wrong");
  }
  return found;
}

void MailboxTable::write(const MailboxRow& row) {
  const auto& server = row.server;
  write_.run(row.mailbox.id, row.last_row, row.absent_day, row.flushes, row.messages.count, row.messages.sum,
             row.landings.count, row.landings.sum, std::string_view(server.login_method),
             server.one_by_one_until, server.border_breaks, server.refused_logins, server.not_before,
             std::string_view(server.login_mark), server.failing_since,
             server.trouble_told ? server.trouble_told->time_since_epoch().count() : 0, server.sizes_are_off,
             server.told_status, check_of(row));
}

void MailboxTable::rename(const MailboxRow& row) {
  const auto& mailbox = row.mailbox;
  rename_.run(mailbox.id, std::string_view(mailbox.user), std::string_view(mailbox.host), mailbox.port);
  write(row);
}

std::vector<std::string> MailboxTable::told(MailboxId mailbox) {
  std::vector<std::string> warnings;
  auto row = told_.query(mailbox);
  while (row.next()) warnings.emplace_back(row.bytes(0));
  return warnings;
}

void MailboxTable::add_told(MailboxId mailbox, std::string_view warning) { add_told_.run(mailbox, warning); }

}  // namespace mailhaul::state
