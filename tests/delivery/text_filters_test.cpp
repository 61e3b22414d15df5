// SPDX-License-Identifier: MIT
#include "delivery/text_filters.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace mailhaul::delivery;

namespace {

/// Calls check(first, second, third) for the text cut at every pair of places.
template <typename Check>
void for_every_split(std::string_view text, Check check) {
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      check(text.substr(0, a), text.substr(a, b - a), text.substr(b));
    }
  }
}

}  // namespace

TEST_CASE("CRLF becomes LF and nothing else changes, wherever the bytes are split") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", ""},
      {"\r\n", "\n"},
      {"a\r\nb\r\n", "a\nb\n"},
      {"a\rb", "a\rb"},
      {"a\nb", "a\nb"},
      {"\r", "\r"},
      {"\r\r\n", "\r\n"},
      {"\r\r\r\n\n", "\r\r\n\n"},
      {"\n\r", "\n\r"},
      {"a\r\n\r\nb\r", "a\n\nb\r"},
      {std::string("\0\r\n\0", 4), std::string("\0\n\0", 3)}};
  for (const auto& [wire, stored] : table) {
    for_every_split(wire, [&, &expected = stored](auto one, auto two, auto three) {
      LineEnds ends;
      std::string text;
      for (const auto piece : {one, two, three}) text += ends.convert(piece);
      text += ends.finish();
      CHECK(text == expected);
    });
  }
}

TEST_CASE("each line of ^>*From gets one more >, wherever the bytes are split") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", ""},
      {"From me\n", ">From me\n"},
      {"From", "From"},
      {"From \n", ">From \n"},
      {"From: me\n", "From: me\n"},
      {"xFrom me\n>From you\n", "xFrom me\n>>From you\n"},
      {">>>From x", ">>>>From x"},
      {">> From x\n", ">> From x\n"},
      {"\nFrom x\nFroFrom x\n", "\n>From x\nFroFrom x\n"},
      {"F\nFr\nFro\nFrom\nFrom \n", "F\nFr\nFro\nFrom\n>From \n"},
      {"from x\n>>\n>\nFrom y", "from x\n>>\n>\n>From y"},
      {"FFrom x\n", "FFrom x\n"}};
  for (const auto& [plain, quoted] : table) {
    for_every_split(plain, [&, &expected = quoted](auto one, auto two, auto three) {
      FromQuoter quoter;
      std::string text;
      for (const auto piece : {one, two, three}) text += quoter.quote(piece);
      text += quoter.finish();
      CHECK(text == expected);
    });
  }
}

TEST_CASE("the sender is taken from the first Return-Path, reduced to safe characters") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "MAILER-DAEMON"},
      {"Subject: x\n\nReturn-Path: <a@b>\n", "MAILER-DAEMON"},
      {"Return-Path: <anna@example.it>\nTo: x\n\n", "anna@example.it"},
      {"To: x\nRETURN-PATH:<a@b>\nReturn-Path: <c@d>\n\n", "a@b"},
      {"Return-Path:\n <a@b>\nTo: x\n\n", "a@b"},
      {"Return-Path: a+b=c_d.e-f@g.h (why)\n\n", "a+b=c_d.e-f@g.hwhy"},
      {"Return-Path: <>\n\n", "MAILER-DAEMON"},
      {"Return-Path: <--bounce@x>\n\n", "bounce@x"},
      {"Return-Path: <---->\n\n", "MAILER-DAEMON"},
      {"Return-Path: <a$(rm -rf /)`;|\"'@b>\n\n", "arm-rf@b"},
      {"Return-Path: <" + std::string(300, 'a') + ">\n\n", "MAILER-DAEMON"},
      {"X-Return-Path: <a@b>\n\n", "MAILER-DAEMON"}};
  for (const auto& [header, sender] : table) {
    for (std::size_t at = 0; at <= header.size(); ++at) {
      SenderFinder finder;
      const std::string_view text = header;
      if (!finder.feed(text.substr(0, at))) finder.feed(text.substr(at));
      CHECK(finder.sender() == sender);
      CHECK(text.starts_with(finder.held()));
    }
  }
}

TEST_CASE("an endless header is not kept in memory") {
  SenderFinder finder;
  std::size_t fed = 0;
  while (!finder.feed("X-Long: yes\n")) REQUIRE(++fed < 10'000);
  CHECK(finder.held().size() < 70'000);
  CHECK(finder.sender() == "MAILER-DAEMON");
}

TEST_CASE("the date of a From line is in UTC, in the format of asctime") {
  CHECK(from_line("a@b", 1'700'000'000) == "From a@b Tue Nov 14 22:13:20 2023\n");
  CHECK(from_line("a@b", 1'709'251'200) == "From a@b Fri Mar  1 00:00:00 2024\n");
}

TEST_CASE("the time in a From line is read back") {
  const auto read = [](std::string_view line) {
    const auto time = time_in_from_line(line);
    return time ? time->time_since_epoch().count() : -1;
  };
  for (const long long seconds : {0LL, 1'700'000'000LL, 1'709'251'200LL, 4'102'444'799LL})
    CHECK(read(from_line("a@b", seconds)) == seconds);
  CHECK(read("From anna  Tue Nov 14 22:13:20 2023 +0100\r\n") == 1'700'000'000);
  for (const auto* line : {"", "From", "From ", "From a@b", "From a@b ", "From a@b yesterday", "From  ",
                           "From: a@b Tue Nov 14 22:13:20 2023", "From a@b Tue Nov 14 22:13"})
    CHECK_MESSAGE(read(line) == -1, line);
}
