// SPDX-License-Identifier: MIT
#pragma once
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "account/account.h"
#include "engine/run.h"

namespace mailhaul::engine {

/// The accounts that are still waiting, and how many are being worked on at each host. Any thread.
class AccountQueue {
 public:
  /// `accounts` and `limits` must outlive the queue.
  AccountQueue(const std::vector<account::Account>& accounts, const Limits& limits);

  /// Takes the first account whose host has room, and returns its index; waits while no host has room. Empty
  /// when no account is left.
  [[nodiscard]] std::optional<std::size_t> take();
  void done(std::size_t index);

 private:
  const std::vector<account::Account>& accounts_;
  const Limits& limits_;
  std::vector<std::size_t> waiting_;
  std::map<std::string, unsigned> busy_;
  std::mutex mutex_;
  std::condition_variable freed_;
};

}  // namespace mailhaul::engine
