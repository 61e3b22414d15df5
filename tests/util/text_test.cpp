// SPDX-License-Identifier: MIT
#include "util/text.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;
using namespace std::chrono_literals;

TEST_CASE("what came from outside is shown in printable ASCII, and not without end") {
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

TEST_CASE("sizes are powers of 1024, and nothing overflows") {
  CHECK(parse_size("0") == 0U);
  CHECK(parse_size("500k") == 512'000U);
  CHECK(parse_size("10M") == 10'485'760U);
  CHECK(parse_size("2g") == 2'147'483'648U);
  for (const auto* bad :
       {"", "k", "-1", "1.5M", "10MB", " 1", "99999999999999999999", "18446744073709551615k"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("times need a unit") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("30d") == 720h);
  for (const auto* bad : {"", "30", "d", "-1d", "1w", "99999999999999d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  for (const auto duration : {0s, 90s, 900s, 7200s, 2592000s})
    CHECK(parse_duration(format_duration(duration)) == duration);
}

TEST_CASE("words are split like a shell splits them, and nothing is expanded") {
  using Words = std::vector<std::string>;
  CHECK(split_words("procmail -a %a") == Words{"procmail", "-a", "%a"});
  CHECK(split_words("  a\t'b  c' \"d \\\" \\x\" e\\ f '' ") == Words{"a", "b  c", "d \" \\x", "e f", ""});
  CHECK(split_words("$HOME *.c `x`") == Words{"$HOME", "*.c", "`x`"});
  CHECK(split_words("") == Words{});
  for (const auto* open : {"'a", "\"a", "a\\"}) CHECK_FALSE(split_words(open));
}

TEST_CASE("the nearest name is offered only when it is near") {
  const std::vector<std::string_view> names{"leave_on_server", "max_size", "deliver"};
  CHECK(nearest("max_szie", names) == "max_size");
  CHECK(nearest("delivre", names) == "deliver");
  CHECK(nearest("Deliver", names) == "deliver");
  CHECK(nearest("colour", names).empty());
}

TEST_CASE("base64 comes back, and nonsense does not") {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("ab"), std::string("abc"), std::string("\0\xff", 2)}) {
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  }
  CHECK(base64_encode("demo") == "ZGVtbw==");
  for (const auto* bad : {"abc", "ab=c!", "####"}) CHECK_FALSE(base64_decode(bad));
}

TEST_CASE("sizes and times for people") {
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1024) == "1.0 kB");
  CHECK(format_size(25ULL << 20U) == "25 MB");
  CHECK(format_utc(std::chrono::sys_seconds(0s)) == "1970-01-01T00:00:00Z");
}
