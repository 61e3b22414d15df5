// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "fixture.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::body_of;
using test::Household;
using test::mail_of;

namespace {

std::vector<std::string> bodies(int from, int to) {
  std::vector<std::string> all;
  for (int n = from; n <= to; ++n) all.push_back(body_of(n));
  std::ranges::sort(all);
  return all;
}

}  // namespace

TEST_CASE("messages are delivered byte for byte and removed") {
  Household house;
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  const auto outcome = house.run();
  CHECK(engine::status_of(outcome) == 0);
  CHECK(outcome.totals.fetched == 5);
  CHECK(outcome.totals.removed == 5);
  CHECK(house.mail() == bodies(1, 5));
  CHECK(house.server.messages.empty());
  CHECK(house.left_in_tmp() == 0);
}

TEST_CASE(
    "a second run fetches nothing that was left on the server, and a run without leave_on_server removes "
    "it") {
  Household house;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  CHECK(house.run().totals.fetched == 3);
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.messages.size() == 3);
  house.account.policy.leave_on_server = false;
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 0);
  CHECK(outcome.totals.removed == 3);
  CHECK(house.server.messages.empty());
  CHECK(house.mail() == bodies(1, 3));
}

TEST_CASE("wherever the connection is cut, each message is there exactly once after the next run") {
  for (const bool pipelining : {true, false}) {
    for (const bool leave : {false, true}) {
      bool cut = true;
      for (std::size_t at = 1; cut; ++at) {
        Household house;
        house.server.options.pipelining = pipelining;
        house.account.policy.leave_on_server = leave;
        for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
        house.server.options.wire.cut_at = at;
        const auto first = house.run();
        cut = first.error.has_value() || house.server.sessions > 1;
        house.server.options.wire.cut_at = test::Wire::never;
        house.server.misbehave = nullptr;
        const auto second = house.run();
        CAPTURE(at);
        CAPTURE(pipelining);
        CAPTURE(leave);
        REQUIRE_FALSE(second.error);
        REQUIRE(house.mail() == bodies(1, 3));
        REQUIRE(house.server.messages.size() == (leave ? 3 : 0));
        REQUIRE(house.left_in_tmp() == 0);
      }
    }
  }
}

TEST_CASE("without UIDL messages are identified by header and size, and equal ones by their position") {
  for (const bool top : {true, false}) {
    Household house;
    house.server.options.uidl = false;
    house.server.options.top = top;
    house.account.policy.leave_on_server = true;
    house.server.messages = {mail_of(1), mail_of(1), mail_of(2)};
    CAPTURE(top);
    CHECK(house.run().totals.fetched == 3);
    CHECK(house.run().totals.fetched == 0);
    house.server.messages.push_back(mail_of(1));
    CHECK(house.run().totals.fetched == 1);
    house.server.messages.erase(house.server.messages.begin());
    CHECK(house.run().totals.fetched == 0);
    CHECK(house.mail() == std::vector<std::string>{body_of(1), body_of(1), body_of(1), body_of(2)});
  }
}

TEST_CASE("two messages with one UIDL are two messages") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1), mail_of(2)};
  house.server.messages[1].uidl = house.server.messages[0].uidl;
  CHECK(house.run().totals.fetched == 2);
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.mail() == bodies(1, 2));
}

TEST_CASE("nothing is delivered again when a server changes all its UIDLs") {
  Household house;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  for (auto& message : house.server.messages) message.uidl = "other-" + message.uidl;
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.mail() == bodies(1, 3));
  house.server.commands.clear();
  house.run();
  CHECK(house.server.count("RETR 1") == 0);
}

TEST_CASE("a UIDL that is used again for another message is new mail") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  house.run();
  house.server.messages[0].bytes = mail_of(22).bytes;
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail() == std::vector<std::string>{body_of(1), body_of(22)});
}

TEST_CASE("before removal the header is checked: a re-used UIDL of equal size is fetched, not lost") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  house.run();
  house.server.messages[0].bytes = mail_of(2).bytes;
  house.account.policy.leave_on_server = false;
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 1);
  CHECK(house.mail() == bodies(1, 2));
}

TEST_CASE(
    "a message that is listed again after its removal was confirmed is removed again, not delivered twice") {
  Household house;
  house.server.messages = {mail_of(1)};
  house.server.options.removes = false;
  CHECK(house.run().totals.fetched == 1);
  house.server.options.removes = true;
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 0);
  CHECK(outcome.totals.removed == 1);
  CHECK(house.mail() == bodies(1, 1));
}

TEST_CASE("a message that the server refuses to send does not hold up the others") {
  Household house;
  for (int n = 1; n <= 4; ++n) house.server.messages.push_back(mail_of(n));
  house.server.misbehave = [](const std::string& command,
                              std::size_t) -> std::optional<test::MemoryServer::Reply> {
    if (command == "RETR 2") return "-ERR it is damaged\r\n";
    return std::nullopt;
  };
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 3);
  CHECK(engine::status_of(outcome) == 75);
  REQUIRE(house.told.failures.size() == 1);
  CHECK(house.told.failures[0].find("it is damaged") != std::string::npos);
  CHECK(house.server.messages.size() == 1);
}

TEST_CASE("a message over max_size stays, is reported once, and is fetched when the limit is lifted") {
  Household house;
  house.account.policy.max_size = 30;
  house.server.messages = {mail_of(1), {"big", "Subject: b\r\n\r\n" + std::string(100, 'x') + "\r\n"}};
  CHECK(house.run().totals.fetched == 1);
  REQUIRE(house.told.warnings.size() == 1);
  CHECK(house.told.warnings[0].starts_with("message big stays on the server"));
  house.run();
  REQUIRE(house.told.warnings.size() == 1);
  CHECK(house.told.warnings[0].starts_with("(again) "));
  house.account.policy.max_size = 0;
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.server.messages.empty());
}

TEST_CASE("if an MDA exits with 75, the message stays on the server and the others are delivered") {
  Household house;
  house.deliver_to_command("grep -q 'Subject: 2' && exit 75; exit 0");
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 2);
  CHECK(engine::status_of(outcome) == 75);
  REQUIRE(house.server.messages.size() == 1);
  CHECK(house.server.messages[0].uidl == "uid2");
  house.deliver_to_command("exit 0");
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.server.messages.empty());
}

TEST_CASE("a message that one of two destinations refused is offered again to that one only") {
  Household house;
  house.deliver_to("maildir");
  house.account.deliver.push_back(test::program({"/bin/sh", "-c", "test -e " + (house.dir / "ok").native()}));
  house.server.messages = {mail_of(1)};
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.messages.size() == 1);
  CHECK(house.mail() == bodies(1, 1));
  test::spill(house.dir / "ok", "");
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail() == bodies(1, 1));
  CHECK(house.server.messages.empty());
}

TEST_CASE("delete_after marks in one run and removes in a later one") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.account.policy.delete_after = 24h * 30;
  house.server.messages = {mail_of(1)};
  house.run();
  house.now += 24h * 40;
  CHECK(house.run().totals.removed == 0);
  CHECK(house.run().totals.removed == 0);
  house.now += 1h;
  CHECK(house.run().totals.removed == 1);
  CHECK(house.mail() == bodies(1, 1));
}

TEST_CASE(
    "a server that answers one of several RETRs and hangs up is asked one by one, and nothing is lost") {
  Household house;
  for (int n = 1; n <= 6; ++n) house.server.messages.push_back(mail_of(n));
  std::size_t retrieved = 0;
  house.server.misbehave = [&](const std::string& command,
                               std::size_t) -> std::optional<test::MemoryServer::Reply> {
    const bool one_by_one = house.server.sessions > 2;
    if (command.starts_with("RETR") && !one_by_one && ++retrieved % 2 == 0)
      return test::MemoryServer::Reply("", true);
    return std::nullopt;
  };
  const auto outcome = house.run();
  CHECK_FALSE(outcome.error);
  CHECK(house.server.sessions == 4);  // the message that failed gets a session of its own
  CHECK(house.mail() == bodies(1, 6));
  CHECK(house.server.messages.empty());
}

TEST_CASE("wrong announced sizes are accepted after three bodies came back the same") {
  Household house;
  for (int n = 1; n <= 6; ++n) house.server.messages.push_back(mail_of(n));
  house.server.misbehave = [](const std::string& command,
                              std::size_t) -> std::optional<test::MemoryServer::Reply> {
    if (command == "LIST") return "+OK\r\n1 5\r\n2 5\r\n3 5\r\n4 5\r\n5 5\r\n6 5\r\n.\r\n";
    return std::nullopt;
  };
  const auto outcome = house.run();
  CHECK_FALSE(outcome.error);
  CHECK(house.mail() == bodies(1, 6));
  CHECK(house.server.messages.empty());
  CHECK(house.server.count_of("RETR") == 9);
}

TEST_CASE("a refused login is not tried again for a while, unless the run is at a terminal") {
  Household house;
  std::size_t logins = 0;
  const auto open = house.environment.connect;
  house.environment.connect = [&](const account::Account&, const std::string&,
                                  const net::Trace&) -> net::LoggedIn {
    ++logins;
    throw util::Error(util::Kind::login, "the server said -ERR [AUTH] no");
  };
  CHECK(engine::status_of(house.run()) == 77);
  CHECK(engine::status_of(house.run()) == 75);
  CHECK(logins == 1);
  house.now += 6min;
  CHECK(engine::status_of(house.run()) == 77);
  CHECK(logins == 2);
  house.now += 6min;
  CHECK(engine::status_of(house.run()) == 75);
  house.environment.attended = true;
  CHECK(engine::status_of(house.run()) == 77);
  CHECK(logins == 3);
}
