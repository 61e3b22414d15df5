// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "delivery/destination.h"
#include "net/connection.h"
#include "report/listener.h"
#include "state/store.h"
#include "util/cancel.h"
#include "util/error.h"

namespace mailhaul::engine {

/// Everything that reaches outside, so that a test can hand in its own. Called from several threads.
struct Environment {
  std::function<net::LoggedIn(const account::Account&, const std::string& login_method, const net::Trace&)>
      connect;
  std::function<std::unique_ptr<delivery::Destination>(const delivery::Spec&, const delivery::RunContext&)>
      open;
  std::function<std::chrono::sys_time<std::chrono::microseconds>()> clock;
  std::string host, boot, user;  ///< this machine, this boot, whom we run as
  util::Path state_file;
  std::string profile_stamp;  ///< another one when the configuration file was written anew
  bool attended = false;      ///< a person is there: back-off is cleared
  bool quiet = false;         ///< -q: temporary trouble is told after 24 h
  const util::Cancel* cancel = nullptr;

  state::Time now() const { return std::chrono::floor<std::chrono::seconds>(clock()); }
};

/// How one account's run ended.
struct AccountOutcome {
  std::string account;
  report::Totals totals;
  std::optional<util::Error> error;        ///< why it could not go on; the Listener has been told
  std::vector<util::Kind> message_errors;  ///< trouble with single messages, in the order met
};

/// The most serious of these exit statuses, in the order of mailhaul(1); 0 when there is none.
int most_serious(std::span<const int> statuses);
int status_of(const AccountOutcome& outcome);

struct Limits {
  unsigned jobs = 8, host_jobs = 2;
};

/// Calls `work` with the index of each account, at most `jobs` at a time and `host_jobs` to one host, in
/// threads of its own when there is more than one. `work` must not throw.
void for_each_account(const std::vector<account::Account>& accounts, const Limits& limits,
                      const std::function<void(std::size_t)>& work);

/// Fetches for all accounts. Never throws for an account's failure: it is in its AccountOutcome, and the
/// Listener has been told.
std::vector<AccountOutcome> run(const std::vector<account::Account>& accounts, const Limits& limits,
                                const Environment& environment, report::Listener& tell);

}  // namespace mailhaul::engine
