// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// Bytes from outside in a form that can be shown: all but 0x20-0x7e as \xNN, cut after `limit` bytes of
/// input with "...".
std::string escape(std::string_view bytes, std::size_t limit = 200);
/// A UID as it is written and read back: printable bytes except the backslash unchanged, others as \xNN.
/// Never cut.
std::string escape_uid(std::string_view uid);
[[nodiscard]] std::optional<std::string> unescape_uid(std::string_view text);  ///< empty: a bad \x sequence

}  // namespace mailhaul::util
