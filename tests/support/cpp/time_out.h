// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>

namespace mailhaul::test {

/// Only what hangs takes so long, whatever else the machine has to do.
inline constexpr std::chrono::minutes limit{5};

/// For a test that means to run into a time-out: tries a short one, which a slow machine may run into before
/// the test means it to, then longer ones. Returns whether `attempt(time_out)` returned true for one of them.
template <typename Attempt>
bool with_time_out(const Attempt& attempt) {
  for (const int seconds : {1, 15, 200}) {
    if (attempt(std::chrono::seconds(seconds))) return true;
  }
  return false;
}

}  // namespace mailhaul::test
