// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// "one, two, three": the items with ", " between them, or what `name` (a function or a member) makes of
/// each.
template <class Range, class Name = std::identity>
std::string joined(const Range& items, Name name = {}, std::string_view between = ", ") {
  std::string all;
  for (const auto& item : items) {
    if (!all.empty()) all += between;
    all += std::invoke(name, item);
  }
  return all;
}

}  // namespace mailhaul::util
