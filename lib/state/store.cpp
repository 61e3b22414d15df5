// SPDX-License-Identifier: MIT
// The part of Store about mailboxes, and about what is remembered of their servers.
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
  return connection_->tables.mailboxes.find(user, host, port);
}

MailboxId Store::mailbox(std::string_view user, std::string_view host, std::uint16_t port) {
  if (const auto known = find_mailbox(user, host, port)) return *known;
  Transaction transaction(connection_->database, Durability::synced);
  const auto made_meanwhile = find_mailbox(user, host, port);
  const MailboxId id = made_meanwhile ? *made_meanwhile : connection_->tables.mailboxes.add(user, host, port);
  transaction.commit();
  return id;
}

void Store::exchange_names(MailboxId one, MailboxId other) {
  auto& table = connection_->tables.mailboxes;
  Transaction transaction(connection_->database, Durability::synced);
  MailboxRow first = table.read(one), second = table.read(other);
  std::swap(first.mailbox.user, second.mailbox.user);
  std::swap(first.mailbox.host, second.mailbox.host);
  std::swap(first.mailbox.port, second.mailbox.port);
  table.rename({.mailbox = {.id = one}});  // so that no name is there twice
  table.rename(second);
  table.rename(first);
  transaction.commit();
}

std::vector<Store::Mailbox> Store::mailboxes() const {
  std::vector<Mailbox> mailboxes;
  for (const auto id : connection_->tables.mailboxes.ids()) {
    mailboxes.push_back(connection_->tables.mailboxes.read(id).mailbox);
  }
  return mailboxes;
}

Server Store::server(MailboxId mailbox) const { return connection_->tables.mailboxes.read(mailbox).server; }

void Store::remember(MailboxId mailbox, const Server& server) {
  if (this->server(mailbox) == server) return;
  Transaction transaction(connection_->database, Durability::unsynced);
  MailboxWriter writer(connection_->tables, mailbox);
  writer.mailbox().server = server;
  writer.finish();
  transaction.commit();
}

std::vector<std::string> Store::told(MailboxId mailbox) const {
  return connection_->tables.mailboxes.told(mailbox);
}

void Store::note_told(MailboxId mailbox, std::span<const std::string> warnings) {
  if (warnings.empty()) return;
  Transaction transaction(connection_->database, Durability::unsynced);
  for (const auto& warning : warnings) connection_->tables.mailboxes.add_told(mailbox, warning);
  transaction.commit();
}

std::optional<LastRun> Store::last_run(MailboxId mailbox) const { return connection_->runs.read(mailbox); }

void Store::note_run(MailboxId mailbox, const LastRun& run) {
  Transaction transaction(connection_->database, Durability::unsynced);
  connection_->runs.write(mailbox, run);
  transaction.commit();
}

}  // namespace mailhaul::state
