// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::engine {

/// Whether an account that worked has failed, or the other way round.
enum class TroubleChange { none, begins, ends };

/// How one account's run ended.
struct AccountOutcome {
  std::string account;
  report::Totals totals;
  std::optional<util::Error> error;        ///< why the account as a whole could not go on
  bool quiet_skips_it = false;             ///< -q says nothing about `error`
  std::vector<util::Kind> message_errors;  ///< of messages that failed, in order
  TroubleChange trouble = TroubleChange::none;
  std::string trouble_error;  ///< what is wrong, or was wrong until now
};

/// The most serious exit status of the account's error and its messages' errors; 0 if there are none.
[[nodiscard]] int status_of(const AccountOutcome& outcome);

/// Begins work in a thread of its own. Throws std::system_error when none can be started.
using StartThread = std::function<std::jthread(std::function<void()>)>;

struct Limits {
  unsigned jobs = 8;       ///< accounts at a time
  unsigned host_jobs = 2;  ///< accounts at a time at one host
  StartThread start = [](auto work) { return std::jthread(std::move(work)); };
};

/// Calls `work` with the index of each account, in this thread and in others if there is more than one
/// account. If no more threads can be started, there are fewer at a time. `work` must not throw.
void for_each_account(const std::vector<account::Account>& accounts, const Limits& limits,
                      const std::function<void(std::size_t)>& work);

/// Fetches for all accounts. Does not throw when an account fails: its error is in its outcome, and was
/// reported to `listener`.
[[nodiscard]] std::vector<AccountOutcome> run(const std::vector<account::Account>& accounts,
                                              const Limits& limits, const Environment& environment,
                                              report::Listener& listener);

}  // namespace mailhaul::engine
