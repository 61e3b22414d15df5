// SPDX-License-Identifier: MIT
// A message to which the server always gives the same answer must not hold up the others.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

/// Always refuses `verb` for the message with this UIDL, in these words.
void refuse_always(Household& house, const std::string& verb, const std::string& uidl,
                   const std::string& words) {
  house.server.misbehave = [&house, verb, uidl, words](const std::string& command,
                                                       std::size_t) -> std::optional<Reply> {
    const auto bad = std::ranges::find(house.server.messages, uidl, &test::StoredMessage::uidl);
    const auto number = std::to_string(bad - house.server.messages.begin() + 1);
    if (bad == house.server.messages.end() || !command.starts_with(verb + ' ' + number)) return std::nullopt;
    return Reply("-ERR " + words + "\r\n");
  };
}

bool has(const std::vector<std::string>& texts, const std::string& words) {
  return std::ranges::any_of(texts, [&](const auto& text) { return text.find(words) != std::string::npos; });
}

constexpr auto after_pause = std::chrono::minutes(6);

}  // namespace

TEST_CASE("one message that is refused in words of a limit comes last, and is named") {
  for (const auto* words : {"Message size exceeds limit", "[SYS/TEMP] Timed out reading message",
                            "Timeout reading 2, wait 1 second"}) {
    for (const auto& setting : settings()) {
      CAPTURE(words);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      refuse_always(house, "RETR", "uid1", words);
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(has(house.told.failures, "uid1"));
      CHECK(has(house.told.hints, "uid1 comes last"));
      for (int run = 2; run <= 5; ++run) {
        house.now += after_pause;
        CHECK(engine::status_of(house.run()) == 75);
      }
      CHECK(has(house.told.hints, "mark-seen"));
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == 1 ? 0 : 1));
      CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
      house.server.misbehave = nullptr;
      house.now += after_pause;
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.copies_of(1) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("one message whose TOP is refused in words of a limit comes last where TOP is what identifies") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.server.options.uidl = false;
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    house.server.messages[0].bytes += "more\r\n";
    refuse_always(house, "TOP", "uid1", "Timeout reading the message");
    CHECK(engine::status_of(house.run()) == 75);
    CHECK(has(house.told.failures, "TOP 1 0"));
    house.now += after_pause;
    CHECK(engine::status_of(house.run()) == 0);
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("a message that is said to be gone and stays listed takes no room, and is told the second time") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.max_messages = 1;
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    refuse_always(house, "RETR", "uid1", "Message 1 expunged");
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.told.failures.empty());
    for (int n = 2; n <= 3; ++n) {
      house.run();
      CHECK(house.copies_of(n) == 1);
    }
    CHECK(engine::status_of(house.run()) == 75);
    CHECK(has(house.told.failures, "uid1: the server said -ERR Message 1 expunged"));
    house.server.misbehave = nullptr;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.copies_of(1) == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("where STAT says no size, all messages arrive all the same") {
  for (const auto* answer :
       {"+OK 2", "+OK 2 messages", "+OK 2  108", "+OK 2 -1", "+OK 2 100000000000000000000", "+OK"}) {
    for (const auto& setting : settings()) {
      CAPTURE(answer);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 2; ++n) house.server.messages.push_back(mail_of(n));
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command != "STAT") return std::nullopt;
        return Reply(std::string(answer) + "\r\n");
      };
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 2; ++n) CHECK(house.copies_of(n) == 1);
    }
  }
}

TEST_CASE("where LOGIN-DELAY forbids a second session, what failed once is asked for although mail comes") {
  Household house;
  house.server.options.more_capabilities = {"LOGIN-DELAY 60"};
  for (int n = 1; n <= 2; ++n) house.server.messages.push_back(mail_of(n));
  refuse_always(house, "RETR", "uid1", "not now");
  CHECK(engine::status_of(house.run()) == 75);
  house.server.misbehave = nullptr;
  for (int n = 3; n <= 4; ++n) {
    house.now += std::chrono::minutes(2);
    house.server.messages.push_back(mail_of(n));
    CHECK(engine::status_of(house.run()) == 0);
  }
  CHECK(house.server.sessions == 3);
  for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
  CHECK(house.server.messages.empty());
}

TEST_CASE("with LOGIN-DELAY, a message that breaks each session does not keep delivered mail on the server") {
  Household house;
  house.server.options.more_capabilities = {"LOGIN-DELAY 60"};
  house.server.messages = {mail_of(1)};
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    const auto bad = std::ranges::find(house.server.messages, "uid1", &test::StoredMessage::uidl);
    if (command != "RETR " + std::to_string(bad - house.server.messages.begin() + 1)) return std::nullopt;
    return Reply("", true);
  };
  for (int n = 2; n <= 9; ++n) {
    house.server.messages.push_back(mail_of(n));
    house.run();
    CHECK(house.server.messages.size() <= 3);
    house.now += std::chrono::minutes(2);
  }
  for (int n = 2; n <= 9; ++n) CHECK(house.copies_of(n) == 1);
}
