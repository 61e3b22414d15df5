// SPDX-License-Identifier: MIT
// Messages that are fetched again, that a place or the server refused, or for which a program gave no answer.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "engine/history.h"
#include "engine/mark.h"
#include "grid.h"

using namespace mailhaul;
using test::body_of;
using test::Household;
using test::mail_of;
using test::settings;
using Bodies = std::vector<std::string>;
using Reply = test::MemoryServer::Reply;

namespace {

/// Three messages, and max_messages 1.
struct OneMessageARun : Household {
  OneMessageARun() {
    server.messages = {mail_of(1), mail_of(2), mail_of(3)};
    account.policy.leave_on_server = true;
    account.policy.max_messages = 1;
  }
  std::vector<std::uint32_t> fetched_by(int runs) {
    std::vector<std::uint32_t> fetched;
    while (runs-- > 0) fetched.push_back(run().totals.fetched);
    return fetched;
  }
};

}  // namespace

TEST_CASE("a delivered message that is requested again and refused by its place stays delivered") {
  Household house;
  house.server.messages = {mail_of(1), mail_of(2)};
  house.account.policy.leave_on_server = true;
  CHECK(house.run().totals.fetched == 2);
  for (const auto* script : {"exit 1", "exit 75", "kill -9 $$"}) {
    CAPTURE(script);
    house.account.policy.fetch_all = true;
    house.deliver_to_command(script);
    CHECK(house.run().totals.fetched == 0);
    CHECK(house.told.failures.size() == 2);
    house.account.policy.fetch_all = false;
    house.deliver_to("maildir");
    CHECK(house.run().totals.fetched == 0);
    CHECK(house.told.warnings.empty());
  }
  house.account.policy.leave_on_server = false;
  house.run();
  CHECK(house.server.messages.empty());
  CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
}

TEST_CASE("a message marked as seen that is requested again and refused by its place stays seen") {
  Household house;
  house.server.messages = {mail_of(1)};
  CHECK(engine::mark(house.account, house.environment, house.told, {}).messages == 1);
  house.account.policy.fetch_all = true;
  house.deliver_to_command("exit 1");
  CHECK(house.run().totals.fetched == 0);
  house.account.policy.fetch_all = false;
  house.deliver_to("maildir");
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.messages.size() == 1);
}

TEST_CASE("a message that is named twice is marked once") {
  Household house;
  house.server.messages = {mail_of(1), mail_of(2)};
  const std::vector<std::string> uids{"uid1", "uid1"};
  CHECK(engine::mark(house.account, house.environment, house.told, {.uids = uids}).messages == 1);
  CHECK(engine::history(house.account, house.environment).size() == 1);
}

TEST_CASE("with max_messages a message that a program refuses does not hold up the others") {
  OneMessageARun house;
  house.deliver_to_command("! grep -q 'body 1$'");
  CHECK(house.fetched_by(4) == std::vector<std::uint32_t>{0, 1, 1, 0});
  house.deliver_to_command("cat >/dev/null");
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.run().totals.fetched == 0);
}

TEST_CASE("with max_messages a message that the server refuses does not hold up the others") {
  OneMessageARun house;
  house.server.misbehave = [](const std::string& command, std::size_t /*nth*/) {
    return command == "RETR 1" ? std::optional(Reply("-ERR it is damaged\r\n")) : std::nullopt;
  };
  CHECK(house.fetched_by(4) == std::vector<std::uint32_t>{0, 1, 1, 0});
  CHECK(house.mail() == Bodies{body_of(2), body_of(3)});
  house.server.misbehave = {};
  CHECK(house.run().totals.fetched == 1);
}

namespace {

/// Returns "$MAILHAUL_RETRY,$MAILHAUL_ID" as a program saw them in each run; `ends` says how it ends there.
std::vector<std::string> seen_by_program(const std::vector<std::string>& ends) {
  Household house;
  house.server.messages = {mail_of(1)};
  const auto log = (house.dir / "log").native(), way = (house.dir / "way").native();
  house.deliver_to_command("echo \"$MAILHAUL_RETRY,$MAILHAUL_ID\" >>" + log + "; . " + way);
  for (const auto& end : ends) {
    std::ofstream(way) << end << '\n';
    house.run();
  }
  CHECK(house.server.messages.empty());
  std::vector<std::string> lines;
  std::istringstream all(test::slurp(log));
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("a message for which a program gave no answer is marked as a retry until the program accepts it") {
  const auto lines = seen_by_program({"kill -9 $$", "exit 75", "exit 1", "exit 0"});
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with(','));
  for (std::size_t n = 1; n < 4; ++n) CHECK(lines[n] == "1" + lines[0]);
}

TEST_CASE("a message that a program refused is given to it again as if for the first time") {
  const auto lines = seen_by_program({"exit 75", "exit 1", "exit 0"});
  REQUIRE(lines.size() == 3);
  for (const auto& line : lines) CHECK(line.starts_with(','));
}

TEST_CASE("a message that failed and is then marked as seen is not taken for another one") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {{"old", "Subject: x\r\n\r\none\r\n"}};
  house.server.misbehave = [](const std::string& command, std::size_t /*nth*/) {
    return command == "RETR 1" ? std::optional(Reply("-ERR it is damaged\r\n")) : std::nullopt;
  };
  house.run();
  CHECK(engine::mark(house.account, house.environment, house.told, {.uids = std::vector<std::string>{"old"}})
            .messages == 1);
  house.server.messages.push_back({"new", "Subject: x\r\n\r\ntwo\r\n"});
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail() == Bodies{"Subject: x\n\ntwo\n"});
  CHECK(house.run().totals.fetched == 0);
}

TEST_CASE("a message due for removal that is delivered again must be marked again") {
  Household house;
  house.server.messages = {mail_of(1)};
  house.account.policy.leave_on_server = true;
  house.account.policy.delete_after = std::chrono::hours(24);
  house.run();
  house.now += std::chrono::hours(25);
  house.run();  // marks the message as due
  house.account.policy.fetch_all = true;
  CHECK(house.run().totals.fetched == 1);
  house.account.policy.fetch_all = false;
  house.now += std::chrono::hours(25);
  CHECK(house.run().totals.removed == 0);
  house.now += std::chrono::hours(2);
  CHECK(house.run().totals.removed == 1);
}

TEST_CASE(
    "a message that is listed again after its removal, and cannot be retrieved, is not delivered again") {
  Household house;
  house.server.messages = {mail_of(1)};
  CHECK(house.run().totals.removed == 1);
  house.server.messages = {mail_of(1)};
  house.account.policy.fetch_all = true;
  house.deliver_to_command("exit 1");
  house.run();
  house.account.policy.fetch_all = false;
  house.deliver_to("maildir");
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.mail() == Bodies{body_of(1)});
}

TEST_CASE("with max_messages each message that failed gets its turn") {
  OneMessageARun house;
  const auto way = (house.dir / "way").native();
  house.deliver_to_command(". " + way);
  std::ofstream(way) << "exit 75\n";
  CHECK(house.fetched_by(3) == std::vector<std::uint32_t>{0, 0, 0});
  std::ofstream(way) << "! grep -q 'body 1$'\n";
  std::uint32_t fetched = 0;
  for (int runs = 0; runs < 60; ++runs) {
    house.now += std::chrono::minutes(5);
    fetched += house.run().totals.fetched;
  }
  CHECK(fetched == 2);
}

TEST_CASE("with max_messages a message larger than announced does not hold up the others") {
  OneMessageARun house;
  house.account.policy.max_size = 1000;
  house.server.messages[0].bytes = "Subject: 1\r\n\r\n" + std::string(5000, 'x') + "\r\n";
  house.server.misbehave = [](const std::string& command, std::size_t /*nth*/) {
    const bool list = command == "LIST";
    return list ? std::optional(Reply("+OK\r\n1 100\r\n2 24\r\n3 24\r\n.\r\n")) : std::nullopt;
  };
  CHECK(house.fetched_by(3) == std::vector<std::uint32_t>{0, 1, 1});
}

TEST_CASE("a retry is reported to -q only if the failure was not reported before") {
  Household house;
  house.server.messages = {mail_of(1)};
  const auto way = (house.dir / "way").native();
  house.deliver_to_command(". " + way);
  std::ofstream(way) << "kill -9 $$\n";
  house.run();
  std::ofstream(way) << "exit 75\n";
  for (int runs = 0; runs < 2; ++runs) {
    house.run();
    REQUIRE(house.told.warnings.size() == 1);
    CHECK(house.told.warnings[0].starts_with("(again) "));
  }
}

TEST_CASE("a message in doubt that is no longer on the server causes no writes in idle runs") {
  Household house;
  house.server.messages = {mail_of(1)};
  house.deliver_to_command("kill -9 $$");
  house.run();
  house.server.messages.clear();
  house.run();
  const auto database = test::slurp(house.environment.state_file);
  house.run();
  CHECK(test::slurp(house.environment.state_file) == database);
}

TEST_CASE("a limit of the server is the end of asking for messages that failed before, too") {
  for (const auto& setting : settings()) {
    for (const std::string words :
         {"Download exceed. msg=10", "Too many requests", "POP timeout", "quota exceeded"}) {
      CAPTURE(setting);
      CAPTURE(words);
      Household house;
      set_up(house, setting);
      house.server.messages = {mail_of(1)};
      house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<Reply> {
        return command == "RETR 1" ? std::optional(Reply("-ERR cannot read it\r\n")) : std::nullopt;
      };
      house.run();
      house.server.messages.push_back(mail_of(2));
      house.server.misbehave = [words](const std::string& command, std::size_t) -> std::optional<Reply> {
        return command == "RETR 2" ? std::optional(Reply("-ERR " + words + "\r\n")) : std::nullopt;
      };
      house.server.commands.clear();
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.server.count("RETR 1") == 0);
      CHECK(house.told.failures.size() == 1);
    }
  }
}
