// SPDX-License-Identifier: MIT
#include "util/cancel.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace mailhaul::util {

Cancel::Cancel() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw_errno(Kind::os, "make", "an eventfd");
}

void Cancel::request(int signal) noexcept {
  int none = 0;
  signal_.compare_exchange_strong(none, signal);
  requested_.store(true, std::memory_order_release);
  const int saved = errno;
  const std::uint64_t one = 1;
  // If the counter is full, the descriptor is readable already.
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
  errno = saved;
}

std::chrono::milliseconds Cancel::grace() const noexcept {
  return signal() == SIGINT ? grace_at_ctrl_c : usual_grace;
}

}  // namespace mailhaul::util
