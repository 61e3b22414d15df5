// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>

namespace mailhaul::test {

/// Only a test that hangs takes this long, whatever else the machine has to do.
inline constexpr std::chrono::minutes limit{5};

/// For a test that provokes a time-out: tries a short one first, then longer ones, because on a slow machine
/// a short one may end before the test expects it. Returns whether `attempt(time_out)` returned true for one
/// of them.
template <typename Attempt>
bool with_time_out(const Attempt& attempt) {
  for (const int seconds : {1, 15, 200}) {
    if (attempt(std::chrono::seconds(seconds))) return true;
  }
  return false;
}

}  // namespace mailhaul::test
