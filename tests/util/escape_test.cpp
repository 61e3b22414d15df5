// SPDX-License-Identifier: MIT
#include "util/escape.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("text from outside is shown in printable ASCII and with a limit") {
  CHECK(escape("plain text~") == "plain text~");
  CHECK(escape(std::string_view("\x1b[31m\0\r\n\x7f\xc3\xa9", 11)) ==
        "\\x1b[31m\\x00\\x0d\\x0a\\x7f\\xc3\\xa9");
  CHECK(escape("abcdef", 3) == "abc...");
}

TEST_CASE("a UID is read back as it was written") {
  for (const std::string& uid :
       {std::string("plain"), std::string("a b\\c"), std::string("\0\xff\x7f", 3), std::string("-x")}) {
    CHECK(unescape_uid(escape_uid(uid)) == uid);
  }
  CHECK(escape_uid("a b\\") == "a\\x20b\\x5c");
  for (const auto* bad : {"\\", "\\x", "\\x1", "\\xg0", "\\n"}) CHECK_FALSE(unescape_uid(bad));
}
