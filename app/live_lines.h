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
  std::uint32_t messages = 0, arrived = 0;  ///< how many are planned, and how many have come whole
  std::uint64_t bytes = 0, received = 0;    ///< the same in bytes; `bytes` 0: not known
  LiveClock::time_point begun = {};         ///< when receiving began
  std::uint32_t removing = 0;               ///< how many messages the server is removing
};

/// All accounts of the run, including those that have not begun and those that have ended.
struct LiveTotals {
  std::size_t accounts = 0, ended = 0;
  Progress ended_ones;       ///< the sums of those that have ended
  bool is_stopping = false;  ///< after Ctrl-C
};

struct Window {
  std::size_t columns = 80, rows = 24;
  bool operator==(const Window&) const = default;
};

/// The lines to be shown, without line ends. They are fewer than the rows of the window, unless it has only
/// one, and each is narrower than the window. Parts that do not fit are left out, the time left last of all.
std::vector<std::string> live_lines(std::span<const Progress> accounts, const LiveTotals& totals,
                                    Window window, LiveClock::time_point now);

/// "0:17", "2:05:30"
std::string clock_text(std::chrono::seconds time);

}  // namespace mailhaul::app
