// SPDX-License-Identifier: MIT
// Servers and runs that leave something in doubt: no message is lost, delivered twice or held up.
#include <doctest/doctest.h>

#include "fixture.h"
#include "support/cpp/text.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::body_of;
using test::count;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;
using Bodies = std::vector<std::string>;

namespace {

void add_failing_command(Household& house) {
  house.account.deliver.push_back(test::program({"/bin/sh", "-c", "exit 1"}));
}

}  // namespace

TEST_CASE("messages held back because of their size, and the batch around them, reach an mbox whole") {
  Household house;
  house.deliver_to("mbox");
  for (int n = 1; n <= 60; ++n) {
    auto mail = mail_of(n);
    mail.bytes += std::string(200'000, 'x') + "\r\nend of " + std::to_string(n) + ".\r\n";
    house.server.messages.push_back(mail);
  }
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST") return std::nullopt;
    std::string list = "+OK\r\n";
    for (int n = 1; n <= 60; ++n) {
      const auto bytes = house.server.messages[static_cast<std::size_t>(n - 1)].bytes.size();
      list += std::to_string(n) + " " + std::to_string(n == 3 ? bytes + 7 : bytes) + "\r\n";
    }
    return list + ".\r\n";
  };
  const auto outcome = house.run();
  CHECK(engine::status_of(outcome) == 0);
  const auto box = test::slurp(house.dir / "mbox");
  CHECK(count(box, "\n\nFrom ") == 59);
  for (int n = 1; n <= 60; ++n) {
    CAPTURE(n);
    CHECK(count(box, "Subject: " + std::to_string(n) + "\n") == 1);
    CHECK(count(box, "end of " + std::to_string(n) + ".\n") == 1);
  }
}

TEST_CASE("when all announced sizes are wrong, few messages are held back and all arrive once") {
  Household house;
  for (int n = 1; n <= 50; ++n) house.server.messages.push_back(mail_of(n));
  house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST") return std::nullopt;
    std::string list = "+OK\r\n";
    for (int n = 1; n <= 50; ++n) list += std::to_string(n) + " 5\r\n";
    return list + ".\r\n";
  };
  const auto outcome = house.run();
  CHECK(engine::status_of(outcome) == 0);
  CHECK(outcome.totals.fetched == 50);
  CHECK(house.mail().size() == 50);
  CHECK(house.server.messages.empty());
  CHECK(house.left_in_tmp() == 0);
}

TEST_CASE("a message identified by its header does not take the row of one identified by its UIDL") {
  Household house;
  house.account.policy.leave_on_server = true;
  const std::string header = "Subject: same\r\n\r\n";
  house.server.messages = {{"A", header + "body a\r\n"}};
  house.run();
  house.server.messages.push_back({"X", header + "body b\r\n"});
  house.server.messages.push_back({"X", header + "body c\r\n"});
  CHECK(house.run().totals.fetched == 2);
  const std::string top = "Subject: same\n\n";
  CHECK(house.mail() == Bodies{top + "body a\n", top + "body b\n", top + "body c\n"});
}

TEST_CASE("if a UIDL is used again during an unfinished delivery, the new mail goes to all places") {
  Household house;
  add_failing_command(house);
  house.server.messages = {mail_of(1)};
  house.run();
  CHECK(house.mail() == Bodies{body_of(1)});
  house.server.messages[0].bytes = mail_of(77).bytes;
  house.run();
  CHECK(house.mail() == Bodies{body_of(1), body_of(77)});
  house.run();
  CHECK(house.mail() == Bodies{body_of(1), body_of(77)});
}

TEST_CASE("without UIDL and TOP an unfinished delivery does not start again at every run") {
  Household house;
  house.server.options.uidl = false;
  house.server.options.top = false;
  add_failing_command(house);
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  for (int run = 0; run < 3; ++run) house.run();
  CHECK(house.mail() == Bodies{body_of(1), body_of(2), body_of(3)});
  CHECK(house.server.messages.size() == 3);
}

TEST_CASE("without UIDL and TOP max_messages lets every message have its turn") {
  Household house;
  house.server.options.uidl = false;
  house.server.options.top = false;
  house.account.policy.leave_on_server = true;
  house.account.policy.max_messages = 2;
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  CHECK(house.run().totals.fetched == 2);
  CHECK(house.run().totals.fetched == 2);
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail().size() == 5);
}

TEST_CASE("with fetch_all each message is delivered once, even if the run needs several sessions") {
  Household house;
  house.account.policy.fetch_all = true;
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  std::size_t retrieved = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command.starts_with("RETR") && ++retrieved == 4) return Reply("", true);
    return std::nullopt;
  };
  CHECK_FALSE(house.run().error);
  CHECK(house.mail().size() == 5);
  CHECK(house.server.messages.empty());
}

TEST_CASE("an unanswered QUIT is not a sign of broken pipelining") {
  Household house;
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command == "QUIT") return Reply("", true);
    return std::nullopt;
  };
  for (int run = 0; run < 3; ++run) {
    const auto outcome = house.run();
    CHECK(engine::status_of(outcome) == 75);
    CHECK(outcome.totals.fetched == (run == 0 ? 3 : 0));
  }
  CHECK(house.told.warnings.empty());
  CHECK(house.mail().size() == 3);
}

TEST_CASE("a landing in doubt whose message is gone from the server is reported once, by name") {
  Household house;
  add_failing_command(house);
  house.server.messages = {mail_of(1)};
  house.run();
  house.server.messages.clear();
  house.run();
  REQUIRE(house.told.warnings.size() == 1);
  CHECK(house.told.warnings[0].find("uid1") != std::string::npos);
  house.run();
  CHECK(house.told.warnings.empty());
}

TEST_CASE("every removal is reported, whatever the order of the messages") {
  Household house;
  house.account.policy.order = account::Order::newest;
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  CHECK(std::ranges::count_if(house.told.messages,
                              [](const auto& line) { return line.starts_with("remove"); }) == 5);
}

TEST_CASE("a program that could not be started has not had the message") {
  Household house;
  house.account.deliver = {test::program({"/nowhere/program"})};
  house.server.messages = {mail_of(1)};
  CHECK(engine::status_of(house.run()) == 74);
  house.deliver_to_command("test -z \"$MAILHAUL_RETRY\"");
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.told.warnings.empty());
}

TEST_CASE("a message that breaks every connection does not hold up the others") {
  for (const bool pipelining : {true, false}) {
    CAPTURE(pipelining);
    Household house;
    house.server.options.pipelining = pipelining;
    for (int n = 1; n <= 6; ++n) house.server.messages.push_back(mail_of(n));
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (!command.starts_with("RETR ")) return std::nullopt;
      const auto number = static_cast<std::size_t>(std::stoul(command.substr(5)));
      if (house.server.messages.at(number - 1).uidl != "uid3") return std::nullopt;
      return Reply("+OK 24 octets\r\nSubject: 3\r\n", true);
    };
    for (int run = 0; run < 3; ++run) CHECK(engine::status_of(house.run()) == 75);
    CHECK(house.mail() == Bodies{body_of(1), body_of(2), body_of(4), body_of(5), body_of(6)});
    house.server.misbehave = nullptr;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.mail().size() == 6);
    CHECK(house.server.messages.empty());
  }
}
