// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// Bytes from outside in a form that can be shown. Control characters, bytes that are not UTF-8, and marks
/// that change the direction of text become \xNN. After `limit` bytes of input, and the rest of a character
/// that begins within them, the text is cut and ends in "...".
std::string escape(std::string_view bytes, std::size_t limit = 200);
/// A UID in a form that unescape_uid() reads back: printable ASCII except the backslash and the blank stays
/// as it is, and all other bytes become \xNN. Never cut.
std::string escape_uid(std::string_view uid);
[[nodiscard]] std::optional<std::string> unescape_uid(std::string_view text);  ///< empty: a bad \x sequence

}  // namespace mailhaul::util
