// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// "500k", "10M", "10 MB", "2G", plain bytes; powers of 1024.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// "90s", "15m", "2h", "30d", "30 days"; a number without a unit is refused.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_size(std::uint64_t bytes);                ///< "4.2 MB": as shown to users; powers of 1024
std::string format_duration(std::chrono::seconds duration);  ///< "30d", "90s": as parse_duration reads it
std::string counted(std::uint64_t count, std::string_view noun);  ///< "1 message", "2 messages"

}  // namespace mailhaul::util
