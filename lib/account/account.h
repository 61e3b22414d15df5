// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "credentials/source.h"
#include "delivery/spec.h"
#include "net/connection.h"
#include "util/file.h"

namespace mailhaul::account {

enum class Order { oldest, newest };

/// What to do with messages; all that engine::plan() may know of a profile. 0: no limit.
struct Policy {
  bool leave_on_server = false;
  std::optional<std::chrono::seconds> delete_after;  ///< with leave_on_server, from delivery on
  std::uint64_t max_size = 0;                        ///< bytes; larger messages stay on the server
  std::uint64_t max_bytes = 0;                       ///< per run
  std::uint32_t max_messages = 0;                    ///< per run
  Order order = Order::oldest;
  bool fetch_all = false;
};

/// One account profile, complete and checked.
struct Account {
  std::string name, user;
  net::Endpoint server;
  net::Auth auth = net::Auth::automatic;
  credentials::Source secret;
  std::vector<delivery::Spec> deliver;
  Policy policy;
  bool removal_demanded = false;  ///< -K on the command line: stdout removes only then
  bool trace_header = true;
  bool enabled = true;
};

/// Mailboxes are keyed by user and host (lower case); the port counts only on loopback, elsewhere it is 0.
struct MailboxKey {
  std::string user, host;
  std::uint16_t port = 0;
  auto operator<=>(const MailboxKey&) const = default;
};
MailboxKey mailbox_of(const Account& account);

struct Config {
  util::Path file;  ///< empty: none was read
  util::Path state_file;
  unsigned jobs = 8, host_jobs = 2;
  std::vector<Account> accounts;              ///< in file order
  std::vector<std::string> secret_variables;  ///< every password_env that is written anywhere, used or not
};

}  // namespace mailhaul::account
