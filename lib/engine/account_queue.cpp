// SPDX-License-Identifier: MIT
#include "engine/account_queue.h"

#include <algorithm>

namespace mailhaul::engine {

AccountQueue::AccountQueue(const std::vector<account::Account>& accounts, const Limits& limits)
    : accounts_(accounts), limits_(limits) {
  for (std::size_t i = 0; i < accounts.size(); ++i) waiting_.push_back(i);
}

std::optional<std::size_t> AccountQueue::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (waiting_.empty()) return std::nullopt;
    const auto free = std::ranges::find_if(
        waiting_, [&](std::size_t i) { return busy_[accounts_[i].server.host] < limits_.host_jobs; });
    if (free != waiting_.end()) {
      const std::size_t index = *free;
      waiting_.erase(free);
      ++busy_[accounts_[index].server.host];
      return index;
    }
    freed_.wait(lock);
  }
}

void AccountQueue::done(std::size_t index) {
  const std::lock_guard lock(mutex_);
  --busy_[accounts_[index].server.host];
  freed_.notify_all();
}

}  // namespace mailhaul::engine
