// SPDX-License-Identifier: MIT
#include "net/pace.h"

#include <algorithm>

namespace mailhaul::net {

void Pace::received(std::size_t bytes, Time now) noexcept {
  bytes_ += bytes;
  if (since_ && (now - *since_ < shortest_period || bytes_ < least_bytes)) return;
  if (since_) {
    const std::chrono::duration<double> seconds = now - *since_;
    fastest_ = std::max(fastest_, static_cast<std::uint64_t>(static_cast<double>(bytes_) / seconds.count()));
  }
  since_ = now;
  bytes_ = 0;
}

}  // namespace mailhaul::net
