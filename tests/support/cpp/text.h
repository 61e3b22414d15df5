// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string_view>

namespace mailhaul::test {

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// How often the part is in the text; occurrences may overlap.
inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

}  // namespace mailhaul::test
