// SPDX-License-Identifier: MIT
#include "util/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mailhaul::util {

namespace {

/// Controls, line separators, and marks that change the direction of text.
constexpr std::array<std::pair<char32_t, char32_t>, 8> never_shown{{{0, 0x1f},
                                                                    {0x7f, 0x9f},
                                                                    {0x61c, 0x61c},
                                                                    {0x200e, 0x200f},
                                                                    {0x2028, 0x202e},
                                                                    {0x2066, 0x2069},
                                                                    {0xd800, 0xdfff},
                                                                    {0xfeff, 0xfeff}}};

/// How many bytes a character has that begins with the byte `first`; 0 if no character does.
std::size_t length_after(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const auto length = length_after(first);
  if (length == 0 || length > text.size()) return {};
  char32_t point = length == 1 ? first : first & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    const auto next = static_cast<unsigned char>(c);
    if ((next & 0xc0U) != 0x80) return {};
    point = (point << 6U) | (next & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (point < least.at(length) || point > 0x10ffff) return {};
  const bool hidden = std::ranges::any_of(
      never_shown, [&](const auto& range) { return point >= range.first && point <= range.second; });
  return {.bytes = length, .point = point, .can_be_shown = !hidden};
}

}  // namespace mailhaul::util
