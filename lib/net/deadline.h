// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>

#include "util/cancel.h"

namespace mailhaul::net {

/// How long to wait for a server, and what may end the wait earlier.
struct Deadline {
  std::chrono::steady_clock::time_point at;
  const util::Cancel& cancel;
  std::chrono::milliseconds left() const {
    return std::chrono::ceil<std::chrono::milliseconds>(at - std::chrono::steady_clock::now());
  }
};

}  // namespace mailhaul::net
