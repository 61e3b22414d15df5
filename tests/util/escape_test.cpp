// SPDX-License-Identifier: MIT
#include "util/escape.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace mailhaul::util;

TEST_CASE("text from outside is shown without controls, and with a limit") {
  CHECK(escape("plain text~") == "plain text~");
  CHECK(escape(std::string_view("\x1b[31m\0\r\n\x7f\xc3\xa9", 11)) == "\\x1b[31m\\x00\\x0d\\x0a\\x7f\u00e9");
  CHECK(escape("abcdef", 3) == "abc...");
  CHECK(escape("ab\u00e9d", 3) == "ab\u00e9...");
}

TEST_CASE(
    "UTF-8 is shown as it is, but not what turns the direction of a line, nor what only looks like it") {
  for (const auto* text : {"Ung\u00fcltiges Passwort", "\u65e5\u672c", "\U0001f600", "\u00a0"})
    CHECK(escape(text) == text);
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"\u0085", "\\xc2\\x85"},           // a C1 control
      {"a\u202eb", "a\\xe2\\x80\\xaeb"},  // right to left from here on
      {"\u2066", "\\xe2\\x81\\xa6"},
      {"\ufeff", "\\xef\\xbb\\xbf"},
      {"J\xf6rg", "J\\xf6rg"},     // Latin-1
      {"\xc3", "\\xc3"},           // truncated
      {"\xc0\xaf", "\\xc0\\xaf"},  // an overlong encoding
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // half of a surrogate pair
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"}};
  for (const auto& [bytes, shown] : cases) CHECK(escape(bytes) == shown);
}

TEST_CASE("a UID is read back as it was written") {
  for (const std::string& uid :
       {std::string("plain"), std::string("a b\\c"), std::string("\0\xff\x7f", 3), std::string("-x")}) {
    CHECK(unescape_uid(escape_uid(uid)) == uid);
  }
  CHECK(escape_uid("a b\\") == "a\\x20b\\x5c");
  for (const auto* bad : {"\\", "\\x", "\\x1", "\\xg0", "\\n"}) CHECK_FALSE(unescape_uid(bad));
}
