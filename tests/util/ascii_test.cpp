// SPDX-License-Identifier: MIT
#include "util/ascii.h"

#include <doctest/doctest.h>

#include <utility>

using namespace mailhaul::util;

TEST_CASE("only ASCII letters have a case") {
  CHECK(lower("ABC xyz \xc3\x89") == "abc xyz \xc3\x89");
  CHECK(upper("ABC xyz \xc3\xa9") == "ABC XYZ \xc3\xa9");
  CHECK(equal_nocase("PIPELINING", "pipelining"));
  CHECK_FALSE(equal_nocase("TOP", "TOPS"));
  CHECK_FALSE(equal_nocase("\xc3\x89", "\xc3\xa9"));
}

TEST_CASE("words are taken off the beginning of a text") {
  std::string_view text = "  one\ttwo three";
  CHECK(take_word(text) == "one");
  CHECK(text == "\ttwo three");
  CHECK(take_word(text) == "two");
  CHECK(take_word(text) == "three");
  CHECK(take_word(text).empty());
  text = " \t ";
  CHECK(take_word(text).empty());
  CHECK(text.empty());
  text = "EXPIRE\r";
  CHECK(take_word(text, " \t\r") == "EXPIRE");
}

TEST_CASE("lines are taken off the beginning of a text") {
  std::string_view text = "one\r\n\nthree";
  CHECK(take_line(text) == "one\r");
  CHECK(text == "\nthree");
  CHECK(take_line(text).empty());
  CHECK(take_line(text) == "three");
  CHECK(text.empty());
  CHECK(take_line(text).empty());
}

TEST_CASE("blanks are taken from the beginning and line ends from the end") {
  CHECK(without_leading_blanks(" \t word ") == "word ");
  CHECK(without_leading_blanks(" \t").empty());
  CHECK(without_line_ends("word\r\n\r\n") == "word");
  CHECK(without_line_ends("\n").empty());
  CHECK(trimmed(" \t two words \r\n") == "two words");
  CHECK(trimmed(" \t\r\n").empty());
}

TEST_CASE("a control character is found anywhere, and bytes above ASCII are none") {
  CHECK(has_control_character("joe\r\nDELE 1"));
  CHECK(has_control_character(std::string_view("\0", 1)));
  CHECK(has_control_character("\x7f"));
  CHECK_FALSE(has_control_character("plain \xc3\xa9"));
}

TEST_CASE("a hexadecimal digit may have either case") {
  for (const auto& [digit, value] : {std::pair('0', 0), std::pair('9', 9), std::pair('a', 10),
                                     std::pair('f', 15), std::pair('A', 10), std::pair('F', 15)})
    CHECK(hex_digit(digit) == value);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\xe9'}) CHECK(hex_digit(c) == -1);
}

TEST_CASE("a number is decimal digits alone, and fits into 64 bits") {
  CHECK(parse_number("0") == 0U);
  CHECK(parse_number("18446744073709551615") == 18446744073709551615U);
  for (const auto* bad : {"", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_number(bad));
  }
}
