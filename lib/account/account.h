// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/oauth.h"
#include "credentials/source.h"
#include "delivery/spec.h"
#include "net/connection.h"
#include "util/error.h"
#include "util/file.h"

namespace mailhaul::account {

enum class Order { oldest, newest };

/// What to do with messages. engine::plan() knows nothing else of a profile. A number of 0 means no limit.
struct Policy {
  bool leave_on_server = false;
  std::optional<std::chrono::seconds> delete_after;  ///< with leave_on_server; counted from the delivery
  std::uint64_t max_size = 0;                        ///< bytes; larger messages stay on the server
  std::uint64_t max_bytes = 0;                       ///< per run
  std::chrono::seconds min_interval{0};              ///< the server is not asked again sooner; 0: no limit
  std::uint32_t max_messages = 0;                    ///< per run
  Order order = Order::oldest;
  bool fetch_all = false;
};

/// Commands that are run without a shell; empty: none.
struct Hooks {
  std::vector<std::string> after_fetch;  ///< when new mail has arrived
  std::vector<std::string> on_trouble;   ///< when trouble begins, and when it ends
};

/// One account, complete and checked.
struct Account {
  std::string name, user;
  net::Endpoint server;
  net::Auth auth = net::Auth::automatic;
  credentials::Source secret;
  std::optional<credentials::OAuth> oauth;               ///< in place of `secret`
  std::optional<std::chrono::sys_seconds> password_set;  ///< the beginning of the day on which it was set
  std::optional<std::chrono::seconds> password_valid;    ///< how long the password is valid from then on
  std::vector<delivery::Spec> deliver;
  Policy policy;
  Hooks hooks;
  bool removal_demanded = false;  ///< -K on the command line; only then is mail that went to stdout removed
  bool trace_header = true;
  bool enabled = true;
};

/// A mailbox is a user at a host (lower case), or at a local socket ("unix:/path"). The port counts only on
/// loopback; elsewhere it is 0.
struct MailboxKey {
  std::string user, host;
  std::uint16_t port = 0;
  auto operator<=>(const MailboxKey&) const = default;
};
MailboxKey mailbox_of(const Account& account);
/// The host in the form in which hosts are compared: in lower case, without the dot that may end a name.
[[nodiscard]] std::string plain_host(std::string_view host);
[[nodiscard]] bool is_loopback(std::string_view host);  ///< a plain name, or an address

/// The names of the accounts, in the same order.
std::vector<std::string> account_names(std::span<const Account> accounts);

/// What is wrong with one account of the file. The other accounts can be used.
struct Mistake {
  std::string account;  ///< empty: the mistake is elsewhere in the file (Purpose::check)
  util::Error error;
  bool enabled = true;  ///< false: the account is switched off
};

/// The only value of the key `log` that does not name a file.
constexpr std::string_view to_syslog = "syslog";

struct Config {
  util::Path file;  ///< empty: no file was read
  util::Path state_file;
  util::Path log;      ///< the log file; `to_syslog` means syslog(3); empty: there is no log
  util::Path metrics;  ///< a text file for Prometheus; empty: none
  unsigned jobs = 8, host_jobs = 2;
  std::vector<Account> accounts;              ///< those without mistakes, in file order
  std::vector<Mistake> mistakes;              ///< in the other accounts, or elsewhere (see Mistake)
  std::vector<std::string> names;             ///< of all accounts, in file order
  std::vector<std::string> secret_variables;  ///< every password_env in the file, used or not
};

}  // namespace mailhaul::account
