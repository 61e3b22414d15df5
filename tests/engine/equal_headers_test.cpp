// SPDX-License-Identifier: MIT
// Messages whose senders' fields are all equal, as those of a program's reports: their bodies tell them
// apart.
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;

namespace {

test::StoredMessage alarm_of(const std::string& uidl, const std::string& text) {
  return {uidl, "From: cron\r\nSubject: alarm\r\n\r\n" + text + "\r\n"};
}

}  // namespace

TEST_CASE("a UIDL of a removed message that another one of the same header gets is new mail") {
  for (const std::string kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool top : {true, false}) {
        for (const std::string text : {"disk 2 failed", "disk 10 failed", "disk 1 is well again"}) {
          CAPTURE(kind);
          CAPTURE(pipelining);
          CAPTURE(top);
          CAPTURE(text);
          Household house;
          house.deliver_as(kind);
          house.server.options.pipelining = pipelining;
          house.server.options.top = top;
          house.server.messages = {alarm_of("1", "disk 1 failed")};
          house.run();
          CHECK(house.server.messages.empty());
          house.server.messages = {alarm_of("1", text)};
          house.run();
          CHECK(house.times(text) == 1);
          CHECK(house.times("Subject: alarm") == 2);
          CHECK(house.server.messages.empty());
        }
      }
    }
  }
}

TEST_CASE("an unconfirmed removal does not remove another message of the same UIDL and header") {
  for (const bool pipelining : {true, false}) {
    for (const bool wrong_sizes : {true, false}) {
      for (const std::string text : {"disk 2 failed", "disk 10 failed"}) {
        if (!wrong_sizes && text.size() == 13) continue;  // an equal size proves it together with the header
        CAPTURE(pipelining);
        CAPTURE(wrong_sizes);
        CAPTURE(text);
        Household house;
        house.server.options.pipelining = pipelining;
        house.server.messages = {alarm_of("1", "disk 1 failed")};
        house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
          if (wrong_sizes && command == "LIST")
            return test::multi_line(
                {"1 " + std::to_string(house.server.messages[0].bytes.size() + 3 + house.server.sessions)});
          if (command != "QUIT" || house.server.sessions != 1) return std::nullopt;
          house.server.messages.clear();
          return Reply("", true);
        };
        house.run();
        house.server.messages = {alarm_of("1", text)};
        house.run();
        CHECK(house.times(text) == 1);
        CHECK(house.server.messages.empty());
      }
    }
  }
}

TEST_CASE("a body under its neighbour's number is not believed because their headers are equal") {
  Household house;
  for (int n = 1; n <= 4; ++n)
    house.server.messages.push_back(
        alarm_of("uid" + std::to_string(n), "disk " + std::string(n, '1') + " failed"));
  std::size_t asked = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (house.server.sessions == 1 && command.starts_with("RETR ") && ++asked == 2) return Reply("");
    return std::nullopt;
  };
  for (int run = 0; run < 3; ++run) house.run();
  for (int n = 1; n <= 4; ++n) CHECK(house.times("disk " + std::string(n, '1') + " failed") == 1);
  CHECK(house.server.messages.empty());
}
