// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "util/fd.h"

namespace mailhaul::util {

/// A request to stop, which every wait notices. request() is safe in a signal handler and from any thread.
class Cancel {
 public:
  Cancel();
  void request(int signal = 0) noexcept;  ///< the first caller's signal number is kept
  bool requested() const noexcept { return requested_.load(std::memory_order_acquire); }
  int signal() const noexcept { return signal_.load(std::memory_order_acquire); }
  int fd() const noexcept { return event_.get(); }  ///< an eventfd, readable once requested: for poll(2)

 private:
  Fd event_;
  std::atomic<bool> requested_{false};
  std::atomic<int> signal_{0};
};

}  // namespace mailhaul::util
