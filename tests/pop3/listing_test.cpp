// SPDX-License-Identifier: MIT
#include "pop3/listing.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mailhaul;
using namespace std::string_literals;

namespace {

struct ListingCase {
  const char* about;
  std::vector<std::string> list, uidl;
  std::string expected;  ///< "number:bytes:uidl " each
  std::uint32_t malformed;
};

std::string shown(const std::vector<pop3::Listed>& listed) {
  std::string text;
  for (const auto& one : listed) {
    text += std::to_string(one.number) + ':' + std::to_string(one.bytes) + ':' + one.uidl + ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("LIST and UIDL lines become a listing, whatever they contain") {
  const std::string long_uidl(60'000, 'u');
  const std::vector<ListingCase> cases{
      {"nothing", {}, {}, "", 0},
      {"as in the RFC", {"1 120", "2 200"}, {"1 abc", "2 def"}, "1:120:abc 2:200:def ", 0},
      {"the server's order stays", {"7 1", "3 2"}, {"3 c", "7 g"}, "7:1:g 3:2:c ", 0},
      {"several blanks (Comcast)", {"1   120"}, {"1  abc"}, "1:120:abc ", 0},
      {"tabs", {"1\t120"}, {"1\tabc"}, "1:120:abc ", 0},
      {"blanks in front", {" 1 120"}, {" 1 abc"}, "1:120:abc ", 0},
      {"words behind the size", {"1 120 octets"}, {}, "1:120: ", 0},
      {"blanks inside and odd bytes belong to the UIDL",
       {"1 1"},
       {"1 a b \xff\0\x1b"s},
       "1:1:a b \xff\0\x1b "s,
       0},
      {"blanks at the end do not belong to the UIDL",
       {"1 1", "2 2", "3 3", "4 4"},
       {"1 a ", "2 b\t", "3 c  \t \r", "4 d e  "},
       "1:1:a 2:2:b 3:3:c 4:4:d e ",
       0},
      {"a CR too many", {"1 1\r"}, {"1 a\r"}, "1:1:a ", 0},
      {"a long UIDL", {"1 1"}, {"1 " + long_uidl}, "1:1:" + long_uidl + " ", 0},
      {"an empty UIDL", {"1 1", "2 2", "3 3"}, {"1", "2 ", "3   "}, "1:1: 2:2: 3:3: ", 0},
      {"UIDLs in part", {"1 1", "2 2"}, {"2 b"}, "1:1: 2:2:b ", 0},
      {"LIST decides which messages there are", {"1 1", "3 3"}, {"1 a", "2 b", "3 c"}, "1:1:a 3:3:c ", 1},
      {"a message that arrives between LIST and UIDL", {"1 1"}, {"1 a", "2 b"}, "1:1:a ", 0},
      {"several that arrive", {"1 1"}, {"1 a", "2 b", "3 c", "4 d"}, "1:1:a ", 0},
      {"the first one that arrives", {}, {"1 a"}, "", 0},
      {"one that arrives, and nonsense", {"1 1"}, {"1 a", "2 b", "hello there", "1 c"}, "1:1:a ", 2},
      {"equal UIDLs stay", {"1 1", "2 2"}, {"1 a", "2 a"}, "1:1:a 2:2:a ", 0},
      {"a number twice in LIST", {"1 1", "1 9", "2 2"}, {"1 a"}, "1:1:a 2:2: ", 1},
      {"a number twice in UIDL", {"1 1"}, {"1 a", "1 b"}, "1:1:a ", 1},
      {"no number", {"", "x 1", "-1 5", "1x 5", "+1 5", "0x1 5"}, {"", "x"}, "", 8},
      {"number 0", {"0 10"}, {"0 a"}, "", 2},
      {"the largest number", {"4294967295 1"}, {"4294967295 z"}, "4294967295:1:z ", 0},
      {"one more", {"4294967296 1", "99999999999999999999 1"}, {"4294967296 z"}, "", 3},
      {"leading zeros", {"0001 1"}, {"01 a"}, "1:1:a ", 0},
      {"no size: there is something", {"1", "2 ", "3 x", "4 -5"}, {}, "1:1: 2:1: 3:1: 4:1: ", 0},
      {"the 32-bit edges",
       {"1 2147483648", "2 4294967295", "3 4294967296"},
       {},
       "1:2147483648: 2:4294967295: 3:4294967296: ",
       0},
      {"a size beyond belief is clamped",
       {"1 18446744073709551615", "2 100000000000000000000"},
       {},
       "1:1099511627776: 2:1099511627776: ",
       0},
  };
  for (const auto& one : cases) {
    CAPTURE(one.about);
    pop3::ListingBuilder listing;
    for (const auto& line : one.list) listing.add_list_line(line);
    for (const auto& line : one.uidl) listing.add_uidl_line(line);
    CHECK(listing.faults().malformed_lines == one.malformed);
    CHECK(shown(listing.take()) == one.expected);
  }
}

TEST_CASE(
    "a listing to which anything may be missing says so, and quotes the first line that made no sense") {
  const auto faults = [](const std::vector<std::string>& list, const std::vector<std::string>& uidl) {
    pop3::ListingBuilder listing;
    for (const auto& line : list) listing.add_list_line(line);
    for (const auto& line : uidl) listing.add_uidl_line(line);
    return listing.faults();
  };
  CHECK_FALSE(faults({"1 1", "2 2"}, {"1 a", "2 b"}).may_be_incomplete);
  CHECK_FALSE(faults({"1 1", "2 2"}, {"2 b"}).may_be_incomplete);
  CHECK(faults({"1 1"}, {"1 a", "2 b"}).may_be_incomplete);
  CHECK(faults({"1 1", "what", "ever"}, {"1 a"}).may_be_incomplete);
  CHECK(faults({"1 1", "what", "ever"}, {"1 a"}).first_malformed_line == "what");
  CHECK(faults({"1 1"}, {"1 a", "1 b"}).may_be_incomplete);
}

TEST_CASE("a line of LIST without a number may stand for a message; a second line about one does not") {
  const auto has_nonsense = [](const std::vector<std::string>& list) {
    pop3::ListingBuilder listing;
    for (const auto& line : list) listing.add_list_line(line);
    listing.add_uidl_line("hello");
    return listing.has_nonsense();
  };
  CHECK_FALSE(has_nonsense({"1 1", "2 2"}));
  CHECK_FALSE(has_nonsense({"1 1", "1 2"}));
  for (const std::string line : {"hello", "", "x 1", "0 1"}) CHECK(has_nonsense({"1 1", line}));
}

TEST_CASE("capabilities are recognised in any case") {
  const auto found =
      pop3::parse_capabilities(std::vector<std::string>{"top", "Pipelining", "uidl ", "SASL PLAIN TOP"});
  CHECK(found.top);
  CHECK(found.pipelining);
  CHECK(found.uidl);
  CHECK_FALSE(found.expire_days);
}

TEST_CASE("a capability is the whole first word of its line") {
  const auto found =
      pop3::parse_capabilities(std::vector<std::string>{"SASL PIPELINING", "TOPLESS", "X-UIDL", ""});
  CHECK_FALSE(found.top);
  CHECK_FALSE(found.pipelining);
  CHECK_FALSE(found.uidl);
}

TEST_CASE("EXPIRE gives a number of days, or nothing if it has none") {
  const auto days = [](const std::string& line) {
    return pop3::parse_capabilities(std::vector{line}).expire_days;
  };
  CHECK(days("EXPIRE 0") == 0);
  CHECK(days("expire 30 USER") == 30);
  CHECK(days("EXPIRE 99999999999") == 2147483647);
  for (const auto* line : {"EXPIRE NEVER", "EXPIRE", "EXPIRE -1", "EXPIRE soon"}) CHECK_FALSE(days(line));
}
