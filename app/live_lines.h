// SPDX-License-Identifier: MIT
// The live lines at a terminal: one for each account, and a total. Pure: time and window come in.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/listener.h"

namespace mailhaul::app {

using LiveClock = std::chrono::steady_clock;

/// What is known of the run of one account.
struct Progress {
  std::string account;
  report::Activity activity = report::Activity::connecting;
  bool is_receiving = false;                ///< planned() was called
  std::uint32_t messages = 0, arrived = 0;  ///< planned, and whole
  std::uint64_t bytes = 0, received = 0;    ///< the same; `bytes` 0: not known
  LiveClock::time_point begun = {};         ///< when receiving began
  std::uint32_t removing = 0;               ///< so many the server is removing
};

/// All accounts of the run, with those that are not begun or have ended.
struct LiveTotals {
  std::size_t accounts = 0, ended = 0;
  Progress ended_ones;       ///< their sums
  bool is_stopping = false;  ///< after Ctrl-C
};

struct Window {
  std::size_t columns = 80, rows = 24;
  bool operator==(const Window&) const = default;
};

/// The lines as they can be shown, without line ends: at most one fewer than the window has rows, unless it
/// has a single one; none as wide as the window. What does not fit is left out, the time left last of all.
std::vector<std::string> live_lines(std::span<const Progress> accounts, const LiveTotals& totals,
                                    Window window, LiveClock::time_point now);

/// "0:17", "2:05:30"
std::string clock_text(std::chrono::seconds time);

}  // namespace mailhaul::app
