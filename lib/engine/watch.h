// SPDX-License-Identifier: MIT
// Runs accounts again and again, each at its own times.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "engine/run.h"
#include "report/listener.h"

namespace mailhaul::engine {

/// What Watch needs from outside. Seconds count from an arbitrary moment, and never go back; they also pass
/// while the machine is suspended.
struct WatchOutside {
  std::function<std::chrono::seconds()> now;
  /// Waits until that time (empty: for ever), or until wake() was called, or goes_on() has changed.
  std::function<void(std::optional<std::chrono::seconds>)> wait;
  std::function<void()> wake;     ///< from any thread
  std::function<bool()> goes_on;  ///< false: stop, or read the configuration again
  /// A round begins: these accounts are due. Those that become due before its end are not part of it.
  std::function<void(const std::vector<std::string>& accounts)> expect = [](const auto&) {};
  /// Runs one account; called from several threads at a time.
  std::function<void(const account::Account&)> fetch;
  /// Called once: the first time that no thread could be started for an account.
  std::function<void(const report::Notice&)> warn = [](const auto&) {};
  /// Starts a run in a thread of its own.
  StartThread start = [](auto work) { return std::jthread(std::move(work)); };
};

/// Accounts and the times at which they are due. An account that takes long, or hangs until its time-out,
/// delays no other.
class Watch {
 public:
  Watch(std::vector<account::Account> accounts, const Limits& limits, std::chrono::seconds interval,
        WatchOutside outside);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() = default;

  /// Returns when goes_on() is false and the runs under way have ended. All accounts are due at the start.
  void run();

 private:
  struct Entry {
    account::Account account;
    std::chrono::seconds due{};
    std::uint64_t runs = 0;
    bool is_at_work = false;
    bool is_expected = false;  ///< its run is part of the round
    std::jthread thread;       ///< of the last run
  };

  void start_due(std::chrono::seconds now);
  void begin_round(const std::vector<Entry*>& due);
  [[nodiscard]] bool has_room(const Entry& entry) const;
  [[nodiscard]] std::optional<std::chrono::seconds> next_due(std::chrono::seconds now) const;
  void begin(Entry& entry);
  void end(Entry& entry, std::chrono::seconds begun);
  void put_off(Entry& entry, std::chrono::seconds begun, const std::string& why);
  [[nodiscard]] std::size_t count_at_work() const;

  Limits limits_;
  std::chrono::seconds interval_;
  WatchOutside outside_;
  mutable std::mutex mutex_;  ///< guards the entries, except `account` and `thread`
  std::vector<Entry> entries_;
  bool has_warned_ = false;  ///< that no thread could be started
};

/// The time from the start of a run to that of the account's next run: the interval or the account's own
/// minimum, whichever is longer, and up to a tenth more, so that many machines do not ask one server at the
/// same moment.
[[nodiscard]] std::chrono::seconds pause_of(const account::Account& account, std::chrono::seconds interval,
                                            std::uint64_t runs);

/// A function for WatchOutside::fetch. `environment` and `listener` must outlive it.
[[nodiscard]] std::function<void(const account::Account&)> fetcher(const Environment& environment,
                                                                   report::Listener& listener);

}  // namespace mailhaul::engine
