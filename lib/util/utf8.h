// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string_view>

namespace mailhaul::util {

/// What stands at the start of a text: a character, or a byte that begins none.
struct Utf8Character {
  std::size_t bytes = 1;
  char32_t point = 0;
  bool can_be_shown = false;  ///< well-formed, no control, and does not turn the direction of what follows
};

/// The first character of `text`, which is not empty, read as UTF-8 (RFC 3629, section 4).
[[nodiscard]] Utf8Character first_character(std::string_view text);

}  // namespace mailhaul::util
