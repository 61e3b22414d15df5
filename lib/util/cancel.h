// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>
#include <chrono>

#include "util/fd.h"

namespace mailhaul::util {

/// For how long what was begun may go on after a request to stop: a person who presses Ctrl-C waits for the
/// prompt.
inline constexpr std::chrono::milliseconds grace_at_ctrl_c{1'500}, usual_grace{10'000};

/// A request to stop, which every wait notices. request() is safe in a signal handler and from any thread.
class Cancel {
 public:
  Cancel();
  void request(int signal = 0) noexcept;  ///< the first caller's signal number is kept
  bool requested() const noexcept { return requested_.load(std::memory_order_acquire); }
  int signal() const noexcept { return signal_.load(std::memory_order_acquire); }
  std::chrono::milliseconds grace() const noexcept;  ///< REQUIRES: a stop was requested
  int fd() const noexcept { return event_.get(); }   ///< an eventfd, readable once requested: for poll(2)

 private:
  Fd event_;
  std::atomic<bool> requested_{false};
  std::atomic<int> signal_{0};
};

}  // namespace mailhaul::util
