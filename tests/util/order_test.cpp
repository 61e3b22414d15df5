// SPDX-License-Identifier: MIT
#include "util/order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

using mailhaul::util::order_of;

TEST_CASE("words come in the order of their bytes, equal ones as they stood") {
  const std::vector<std::vector<std::string>> table{
      {},
      {""},
      {"b", "a"},
      {"a", "", "a", ""},
      {"uid-10", "uid-9", "uid-100", "uid-1"},
      {"same-beginning-0123456789-b", "same-beginning-0123456789-a", "same-beginning-"},
      {"prefix12345678x", "prefix12345678", std::string("prefix12345678\0", 15), "prefix1234567"},
      {"\xff", "\x7f", "\x80", std::string(1, '\0')},
      {"z", "zz", "zzz", "y", "zz"}};
  for (const auto& words : table) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    std::vector<std::uint32_t> expected(words.size());
    std::iota(expected.begin(), expected.end(), 0U);
    std::ranges::stable_sort(expected, {}, [&](std::uint32_t place) { return views[place]; });
    CHECK(order_of(views) == expected);
  }
}
