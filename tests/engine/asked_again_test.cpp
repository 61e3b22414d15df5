// SPDX-License-Identifier: MIT
// A message whose size is not the announced one is requested again; in these tests this fails each time.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::Setting;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

struct SecondAnswer {
  std::string about;
  Reply second;             ///< the answer to the second RETR of the message in a session
  bool is_refusal = false;  ///< the first RETR of the next session is compared instead
};

const std::vector<SecondAnswer> second_answers{
    {"silence", {"", false}},
    {"a hang-up", {"", true}},
    {"a refusal", {"-ERR not now\r\n"}, true},
    {"a cut body", {"+OK\r\nSubject: 1\r\n\r\nbo", true}},
};

/// The answer to LIST, with 30 bytes too many for the message with this UIDL.
Reply list_with_one_larger(const test::MemoryServer& server, const std::string& uidl) {
  std::vector<std::string> lines;
  for (const auto& message : server.messages) {
    const auto bytes = message.bytes.size() + (message.uidl == uidl ? 30U : 0U);
    lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(bytes));
  }
  return test::multi_line(lines);
}

void check_asked_again(const SecondAnswer& one, const Setting& setting, int bad) {
  CAPTURE(one.about);
  CAPTURE(setting);
  CAPTURE(bad);
  Household house;
  set_up(house, setting);
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  const std::string uidl = "uid" + std::to_string(bad);
  std::size_t session = 0, asked = 0, silent = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    auto& server = house.server;
    if (std::exchange(session, server.sessions) != server.sessions) asked = 0;
    if (silent == server.sessions) return Reply("");
    if (command == "LIST") return list_with_one_larger(server, uidl);
    const auto at = std::ranges::find(server.messages, uidl, &test::StoredMessage::uidl);
    if (at == server.messages.end()) return std::nullopt;
    if (command != "RETR " + std::to_string(at - server.messages.begin() + 1) || ++asked != 2)
      return std::nullopt;
    if (one.second.bytes.empty() && !one.second.then_close) silent = server.sessions;
    return one.second;
  };
  bool named = false;
  for (int run = 1; run <= 4; ++run) {
    house.run();
    for (const auto& sentence : house.told.failures) {
      named = named || sentence.find(uidl) != std::string::npos;
      CHECK(sentence.find("PIPELINING") == std::string::npos);
    }
  }
  CHECK(named);
  for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == bad && !one.is_refusal ? 0 : 1));
  CHECK(house.server.messages.size() == (setting.leave ? 3 : one.is_refusal ? 0 : 1));
  house.server.misbehave = {};
  house.run();
  CHECK(house.copies_of(bad) == 1);
  CHECK(house.server.messages.size() == setting.left_of(3));
}

}  // namespace

TEST_CASE("a message that cannot be asked for again is named, and the others arrive and are removed") {
  for (const auto& one : second_answers)
    for (const auto& setting : settings())
      for (const int bad : {1, 2, 3}) check_asked_again(one, setting, bad);
}

TEST_CASE("a message that comes back different without PIPELINING does not blame PIPELINING") {
  Household house;
  house.server.options.pipelining = false;
  house.server.messages = {mail_of(1), mail_of(2)};
  std::size_t asked = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command == "LIST") return list_with_one_larger(house.server, "uid1");
    if (command != "RETR 1" || house.server.sessions > 1 || ++asked != 2) return std::nullopt;
    return Reply("+OK\r\nSubject: another\r\n\r\nbody\r\n.\r\n");
  };
  house.run();
  REQUIRE(house.told.failures.size() == 1);
  CHECK(house.told.failures[0].find("message uid1: the server sent something else when the message was "
                                    "requested again") != std::string::npos);
  CHECK(house.told.failures[0].find("PIPELINING") == std::string::npos);
  house.run();
  house.run();
  for (const int n : {1, 2}) CHECK(house.copies_of(n) == 1);
  CHECK(house.server.messages.empty());
}

namespace {

std::string long_mail(int n) {
  std::string text = "Message-ID: <" + std::to_string(n) + "@x>\r\n" + mail_of(n).bytes;
  for (int line = 1; line <= 100; ++line) text += "line " + std::to_string(line) + " of the text\r\n";
  return text;
}

Reply part_of(const std::string& bytes) { return {"+OK\r\n" + test::stuffed(bytes.substr(0, 700))}; }

}  // namespace

TEST_CASE("a body of which more comes when it is asked for again is not believed") {
  for (const auto& setting : settings()) {
    for (const std::size_t wrong_by : {0U, 5U}) {
      CAPTURE(setting);
      CAPTURE(wrong_by);
      Household house;
      set_up(house, setting);
      house.server.messages = {{"uid1", long_mail(1)}};
      const auto whole = house.server.messages[0].bytes;
      int asked = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command == "LIST" && !house.server.messages.empty())
          return test::multi_line({"1 " + std::to_string(whole.size() + wrong_by)});
        if (command != "RETR 1" || ++asked != 1) return std::nullopt;
        return part_of(whole);
      };
      for (int run = 0; run < 2; ++run) house.run();
      CHECK(house.times("line 100 of the text") == 1);
      CHECK(house.server.messages.size() == setting.left_of(1));
    }
  }
}

TEST_CASE("a message that is listed and sent in part, and whole later, arrives whole") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    const auto whole = long_mail(1);
    house.server.messages = {{"uid1", whole.substr(0, 700) + "\r\n"}};
    house.server.misbehave = [](const std::string& command, std::size_t) {
      return command == "QUIT" ? std::optional<Reply>("-ERR busy\r\n") : std::nullopt;
    };
    house.run();
    CHECK(house.times("line 100 of the text") == 0);
    house.server.misbehave = {};
    house.server.messages[0].bytes = whole;
    for (int run = 0; run < 2; ++run) house.run();
    CHECK(house.times("line 100 of the text") == 1);
    CHECK(house.server.messages.size() == setting.left_of(1));
  }
}

TEST_CASE("a server that sends each message once in a session delivers what comes the same twice") {
  for (const auto& setting : settings()) {
    if (setting.pipelining) continue;  // servers that do this do not announce PIPELINING
    for (const bool uidl : {true, false}) {
      CAPTURE(setting);
      CAPTURE(uidl);
      Household house;
      set_up(house, setting);
      house.server.options.uidl = uidl;
      for (int n = 1; n <= 4; ++n) house.server.messages.push_back({"uid" + std::to_string(n), long_mail(n)});
      const auto second = house.server.messages[1].bytes;
      std::set<std::string> sent;
      std::size_t session = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        auto& server = house.server;
        if (std::exchange(session, server.sessions) != server.sessions) sent.clear();
        if (command == "LIST") {
          std::vector<std::string> lines;
          for (const auto& message : server.messages)
            lines.push_back(std::to_string(lines.size() + 1) + ' ' +
                            std::to_string(message.bytes.size() + 5));
          return test::multi_line(lines);
        }
        if (!command.starts_with("RETR ")) return std::nullopt;
        if (!sent.insert(command).second) return Reply("-ERR already retrieved\r\n");
        const auto& bytes = server.messages[std::stoul(command.substr(5)) - 1].bytes;
        if (server.sessions != 1 || bytes != second) return std::nullopt;
        return part_of(bytes);  // the next session shows that this was only a part
      };
      house.run();
      CHECK(house.delivered().empty());
      CHECK(house.told.failures.size() == 4);
      house.run();
      for (const int n : {1, 3, 4}) CHECK(house.copies_of(n) == 1);
      CHECK(house.copies_of(2) == 0);
      house.run();
      CHECK(house.times("line 100 of the text") == 4);
      CHECK(house.copies_of(2) == 1);
      CHECK(house.server.messages.size() == setting.left_of(4));
    }
  }
}
