// SPDX-License-Identifier: MIT
// A message of another size than announced is asked for once more; what if that goes wrong, each time?
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;

namespace {

struct SecondAnswer {
  std::string about;
  Reply second;  ///< the answer to the second RETR of the message in a session
};

const std::vector<SecondAnswer> second_answers{
    {"silence", {"", false}},
    {"a hang-up", {"", true}},
    {"a refusal", {"-ERR not now\r\n"}},
    {"a cut body", {"+OK\r\nSubject: 1\r\n\r\nbo", true}},
};

/// LIST announces 30 bytes more of the message with this UIDL.
Reply list_with_one_larger(const test::MemoryServer& server, const std::string& uidl) {
  std::vector<std::string> lines;
  for (const auto& message : server.messages) {
    const auto bytes = message.bytes.size() + (message.uidl == uidl ? 30U : 0U);
    lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(bytes));
  }
  return test::multi_line(lines);
}

void check_asked_again(const SecondAnswer& one, const std::string& kind, bool pipelining, int bad) {
  CAPTURE(one.about);
  CAPTURE(kind);
  CAPTURE(pipelining);
  CAPTURE(bad);
  Household house;
  house.deliver_as(kind);
  house.server.options.pipelining = pipelining;
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
  for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == bad ? 0 : 1));
  CHECK(house.server.messages.size() == 1);
  house.server.misbehave = {};
  house.run();
  CHECK(house.copies_of(bad) == 1);
  CHECK(house.server.messages.empty());
}

}  // namespace

TEST_CASE("a message that cannot be asked for again is named, and the others arrive and are removed") {
  for (const auto& one : second_answers)
    for (const auto* kind : {"maildir", "mbox", "mda"})
      for (const bool pipelining : {true, false})
        for (const int bad : {1, 2, 3}) check_asked_again(one, kind, pipelining, bad);
}

TEST_CASE("a message that comes back different one by one is no matter of PIPELINING") {
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
  CHECK(house.told.failures[0].find("message uid1: it came back different") != std::string::npos);
  CHECK(house.told.failures[0].find("PIPELINING") == std::string::npos);
  house.run();
  house.run();
  for (const int n : {1, 2}) CHECK(house.copies_of(n) == 1);
  CHECK(house.server.messages.empty());
}
