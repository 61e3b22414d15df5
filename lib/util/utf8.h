// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string_view>

namespace mailhaul::util {

/// What a text begins with: a character, or a byte that is not the beginning of one.
struct Utf8Character {
  std::size_t bytes = 1;
  char32_t point = 0;
  bool can_be_shown = false;  ///< well-formed, no control, and does not change the direction of text
};

/// The first character of `text`, read as UTF-8 (RFC 3629 section 4). REQUIRES: the text is not empty.
[[nodiscard]] Utf8Character first_character(std::string_view text);

}  // namespace mailhaul::util
