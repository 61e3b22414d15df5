// SPDX-License-Identifier: MIT
#include "net/stall_detector.h"

#include <algorithm>

namespace mailhaul::net {

StallDetector::StallDetector(std::chrono::milliseconds silence)
    : silence_(std::max(silence, std::chrono::milliseconds(1))) {}

void StallDetector::waited(Duration time) noexcept {
  quiet_ += time;
  window_ += time;
}

void StallDetector::received(std::size_t bytes) noexcept {
  quiet_ = Duration::zero();
  answered_ = true;
  bytes_ += bytes;
  if (window_ < silence_) return;
  const std::chrono::duration<double> seconds = window_;
  trickling_ = static_cast<double>(bytes_) < static_cast<double>(bytes_per_second) * seconds.count();
  window_ = Duration::zero();
  bytes_ = 0;
}

void StallDetector::asked() noexcept {
  if (!answered_) return;
  answered_ = false;
  bytes_ += bytes_per_second;
}

}  // namespace mailhaul::net
