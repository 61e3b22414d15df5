// SPDX-License-Identifier: MIT
// The Store as such, its mailboxes, and what it remembers of servers.
#include "state/store.h"

#include <utility>

#include "state/connection.h"
#include "state/transaction.h"

namespace mailhaul::state {

Store::Store(const util::Path& file, std::mutex& writes)
    : connection_(std::make_unique<Connection>(file, writes)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

const std::string& Store::instance() const noexcept { return connection_->instance; }
const util::Path& Store::file() const noexcept { return connection_->database.file(); }

std::optional<MailboxId> Store::find_mailbox(std::string_view user, std::string_view host,
                                             std::uint16_t port) const {
  auto found = connection_->find_mailbox.query(user, host, port);
  if (!found.next()) return std::nullopt;
  return found.integer(0);
}

MailboxId Store::mailbox(std::string_view user, std::string_view host, std::uint16_t port) {
  if (const auto known = find_mailbox(user, host, port)) return *known;
  Transaction transaction(connection_->database, Durability::synced);
  connection_->add_mailbox.run(user, host, port);
  const MailboxId id = find_mailbox(user, host, port).value();
  transaction.commit();
  return id;
}

std::vector<Store::Mailbox> Store::mailboxes() const {
  std::vector<Mailbox> mailboxes;
  auto row = connection_->all_mailboxes.query();
  while (row.next()) {
    mailboxes.push_back({.id = row.integer(0),
                         .user = std::string(row.bytes(1)),
                         .host = std::string(row.bytes(2)),
                         .port = static_cast<std::uint16_t>(row.integer(3))});
  }
  return mailboxes;
}

Server Store::server(MailboxId mailbox) const {
  auto row = connection_->read_server.query(mailbox);
  if (!row.next()) return {};
  return {.login_method = std::string(row.bytes(0)),
          .one_by_one_until = row.time(1),
          .border_breaks = static_cast<std::uint32_t>(row.integer(2)),
          .refused_logins = static_cast<std::uint32_t>(row.integer(3)),
          .not_before = row.time(4),
          .login_mark = std::string(row.bytes(5)),
          .failing_since = row.time(6),
          .trouble_told = row.integer(7) != 0};
}

void Store::remember(MailboxId mailbox, const Server& server) {
  if (this->server(mailbox) == server) return;
  Transaction transaction(connection_->database, Durability::unsynced);
  connection_->write_server.run(mailbox, server.login_method, server.one_by_one_until, server.border_breaks,
                                server.refused_logins, server.not_before, server.login_mark,
                                server.failing_since, server.trouble_told);
  transaction.commit();
}

std::vector<std::string> Store::told(MailboxId mailbox) const {
  std::vector<std::string> warnings;
  auto row = connection_->all_told.query(mailbox);
  while (row.next()) warnings.emplace_back(row.bytes(0));
  return warnings;
}

void Store::note_told(MailboxId mailbox, std::span<const std::string> warnings) {
  if (warnings.empty()) return;
  Transaction transaction(connection_->database, Durability::unsynced);
  for (const auto& warning : warnings) connection_->add_told.run(mailbox, std::string_view(warning));
  transaction.commit();
}

}  // namespace mailhaul::state
