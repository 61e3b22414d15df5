// SPDX-License-Identifier: MIT
#include "state/mailbox_table.h"

namespace mailhaul::state {

namespace {

constexpr const char* find_mailbox = "SELECT id FROM mailbox WHERE user = ?1 AND host = ?2 AND port = ?3";
constexpr const char* add_mailbox = "INSERT OR IGNORE INTO mailbox (user, host, port) VALUES (?1, ?2, ?3)";
constexpr const char* mailbox_ids = "SELECT id FROM mailbox ORDER BY id";

constexpr const char* one_mailbox =
    "SELECT user, host, port, last_row, absent_day, flushes, login_method, one_by_one_until, border_breaks, "
    "refused_logins, not_before, login_mark, failing_since, trouble_told FROM mailbox WHERE id = ?1";
struct MailboxColumn {
  enum : int {
    user,
    host,
    port,
    last_row,
    absent_day,
    flushes,
    login_method,
    one_by_one_until,
    border_breaks,
    refused_logins,
    not_before,
    login_mark,
    failing_since,
    trouble_told
  };
};

constexpr const char* update_mailbox =
    "UPDATE mailbox SET last_row = ?2, absent_day = ?3, flushes = ?4, login_method = ?5, "
    "one_by_one_until = ?6, border_breaks = ?7, refused_logins = ?8, not_before = ?9, login_mark = ?10, "
    "failing_since = ?11, trouble_told = ?12 WHERE id = ?1";

constexpr const char* told_warnings = "SELECT text FROM told WHERE mailbox = ?1";
constexpr const char* add_told_warning = "INSERT OR IGNORE INTO told (mailbox, text) VALUES (?1, ?2)";

}  // namespace

MailboxTable::MailboxTable(Database& database) noexcept
    : find_(database, find_mailbox),
      add_(database, add_mailbox),
      ids_(database, mailbox_ids),
      read_(database, one_mailbox),
      write_(database, update_mailbox),
      told_(database, told_warnings),
      add_told_(database, add_told_warning) {}

std::optional<MailboxId> MailboxTable::find(std::string_view user, std::string_view host,
                                            std::uint16_t port) {
  auto found = find_.query(user, host, port);
  if (!found.next()) return std::nullopt;
  return found.integer(0);
}

void MailboxTable::add(std::string_view user, std::string_view host, std::uint16_t port) {
  add_.run(user, host, port);
}

std::vector<MailboxId> MailboxTable::ids() {
  std::vector<MailboxId> ids;
  auto row = ids_.query();
  while (row.next()) ids.push_back(row.integer(0));
  return ids;
}

std::optional<MailboxRow> MailboxTable::read(MailboxId mailbox) {
  using Column = MailboxColumn;
  auto row = read_.query(mailbox);
  if (!row.next()) return std::nullopt;
  return MailboxRow{.mailbox = {.id = mailbox,
                                .user = std::string(row.bytes(Column::user)),
                                .host = std::string(row.bytes(Column::host)),
                                .port = row.number<std::uint16_t>(Column::port)},
                    .last_row = row.integer(Column::last_row),
                    .absent_day = row.optional_integer(Column::absent_day),
                    .flushes = row.integer(Column::flushes),
                    .server = {.login_method = std::string(row.bytes(Column::login_method)),
                               .one_by_one_until = row.time(Column::one_by_one_until),
                               .border_breaks = row.number<std::uint32_t>(Column::border_breaks),
                               .refused_logins = row.number<std::uint32_t>(Column::refused_logins),
                               .not_before = row.time(Column::not_before),
                               .login_mark = std::string(row.bytes(Column::login_mark)),
                               .failing_since = row.time(Column::failing_since),
                               .trouble_told = row.integer(Column::trouble_told) != 0}};
}

void MailboxTable::write(const MailboxRow& row) {
  const auto& server = row.server;
  write_.run(row.mailbox.id, row.last_row, row.absent_day, row.flushes, std::string_view(server.login_method),
             server.one_by_one_until, server.border_breaks, server.refused_logins, server.not_before,
             std::string_view(server.login_mark), server.failing_since, server.trouble_told);
}

std::vector<std::string> MailboxTable::told(MailboxId mailbox) {
  std::vector<std::string> warnings;
  auto row = told_.query(mailbox);
  while (row.next()) warnings.emplace_back(row.bytes(0));
  return warnings;
}

void MailboxTable::add_told(MailboxId mailbox, std::string_view warning) { add_told_.run(mailbox, warning); }

}  // namespace mailhaul::state
