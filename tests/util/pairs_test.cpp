// SPDX-License-Identifier: MIT
#include "util/pairs.h"

#include <doctest/doctest.h>

#include <string>

using namespace mailhaul::util;

namespace {

constexpr auto is_ab = [](auto byte, auto next) { return (byte == 'a') & (next == 'b'); };

}  // namespace

TEST_CASE("a pair is found at every place of texts of every length around 64-byte blocks") {
  for (std::size_t size = 0; size <= 200; ++size) {
    const std::string text(size, 'a');  // one half of the pair everywhere
    CAPTURE(size);
    REQUIRE(find_pair(text, is_ab) == std::string::npos);
    for (std::size_t b = 0; b < size; ++b) {
      std::string with = text;
      with[b] = 'b';
      CAPTURE(b);
      REQUIRE(find_pair(with, is_ab) == (b == 0 ? std::string::npos : b - 1));
    }
  }
}

TEST_CASE("the first of several pairs is found") {
  const std::string far(150, 'x');
  CHECK(find_pair("abab", is_ab) == 0);
  CHECK(find_pair(far + "ab" + far + "ab", is_ab) == far.size());
}

TEST_CASE("a byte after the text does not count") {
  CHECK(find_pair(std::string_view(), is_ab) == std::string::npos);
  for (std::size_t size = 1; size <= 200; ++size) {
    const std::string text = std::string(size - 1, 'x') + "ab";
    CAPTURE(size);
    REQUIRE(find_pair(std::string_view(text).substr(0, size), is_ab) == std::string::npos);
    REQUIRE(find_pair(text, is_ab) == size - 1);
  }
}

TEST_CASE("bytes that are negative as signed characters are as good as others") {
  constexpr auto is_pair = [](auto byte, auto next) {
    return (byte == static_cast<char>(0xc3)) & (next != static_cast<char>(0xa4));
  };
  for (std::size_t size = 0; size <= 140; size += 2) {
    std::string umlauts;
    for (std::size_t i = 0; i < size; i += 2) umlauts += "\xc3\xa4";
    CAPTURE(size);
    REQUIRE(find_pair(umlauts, is_pair) == std::string::npos);
    REQUIRE(find_pair(umlauts + "\xc3\xb6" + umlauts, is_pair) == size);
  }
}
