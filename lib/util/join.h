// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// The items with `between` between them: "one, two, three". `name` is a function or a member that gives the
/// text of each item.
template <class Range, class Name = std::identity>
std::string joined(const Range& items, Name name = {}, std::string_view between = ", ") {
  std::string all;
  for (const auto& item : items) {
    if (!all.empty()) all += between;
    all += std::invoke(name, item);
  }
  return all;
}

/// The texts as a sentence has them: "one, two or three", where `last` is " or ".
template <class Range>
std::string in_words(const Range& texts, std::string_view last) {
  std::string all;
  std::size_t left = std::size(texts);
  for (const auto& text : texts) {
    if (!all.empty()) all += left == 1 ? last : ", ";
    all += text;
    --left;
  }
  return all;
}

}  // namespace mailhaul::util
