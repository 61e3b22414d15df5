// SPDX-License-Identifier: MIT
#include "account/account.h"

#include "account/endpoint.h"
#include "util/ascii.h"

namespace mailhaul::account {

std::string plain_host(std::string_view host) {
  auto plain = util::lower(host);
  if (plain.ends_with('.')) plain.pop_back();
  return plain;
}

MailboxKey mailbox_of(const Account& account) {
  if (!account.server.socket.empty()) return {.user = account.user, .host = server_url(account.server)};
  MailboxKey key{.user = account.user, .host = plain_host(account.server.host)};
  if (is_loopback(key.host)) key.port = account.server.effective_port();
  return key;
}

std::vector<std::string> account_names(std::span<const Account> accounts) {
  std::vector<std::string> names;
  for (const auto& account : accounts) names.push_back(account.name);
  return names;
}

}  // namespace mailhaul::account
