// SPDX-License-Identifier: MIT
// Header fields, as people read them.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::app {

/// The field with its encoded words (RFC 2047) in UTF-8. A word in an unknown charset or a broken encoding,
/// and bytes outside encoded words, stay as they are.
std::string decoded(std::string_view field);

/// The sender in a From field: the decoded display name, or the address if there is none.
std::string sender_name(std::string_view from);

/// The time of a Date field (RFC 5322 section 3.3, and the older forms of 4.3).
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view field);

}  // namespace mailhaul::app
