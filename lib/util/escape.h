// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// Bytes from outside in a form that can be shown: controls, bytes that are not UTF-8 and marks that turn the
/// direction of a line as \xNN; cut after `limit` bytes of input, or at
/// the end of the character that they cut, with "...".
std::string escape(std::string_view bytes, std::size_t limit = 200);
/// A UID as it is written and read back: printable bytes except the backslash unchanged, others as \xNN.
/// Never cut.
std::string escape_uid(std::string_view uid);
[[nodiscard]] std::optional<std::string> unescape_uid(std::string_view text);  ///< empty: a bad \x sequence

}  // namespace mailhaul::util
