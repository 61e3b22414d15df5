// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// "2026-03-01T12:34:56Z".
std::string format_utc(std::chrono::sys_seconds time);

/// "2026-03-01T12:34:56Z", or "2026-03-01" for the beginning of that day. Empty if it is neither.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_utc(std::string_view text);

/// The time that strptime() read, in UTC. REQUIRES: month and day are in their ranges; 30 February counts as
/// 1 or 2 March.
[[nodiscard]] std::chrono::sys_seconds utc_of(const std::tm& parts);

}  // namespace mailhaul::util
