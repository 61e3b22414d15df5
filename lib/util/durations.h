// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>

namespace mailhaul::util {

/// The duration in words, in one unit and rounded down: "40 seconds", "55 minutes", "2 hours", "3 days".
/// Seconds are used below 1 minute, minutes below 2 hours, and hours below 2 days.
std::string roughly(std::chrono::seconds duration);

}  // namespace mailhaul::util
