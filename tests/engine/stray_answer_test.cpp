// SPDX-License-Identifier: MIT
// Servers that send an answer too many, or hang up at what seems to be another message.
#include <doctest/doctest.h>

#include <string>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::set_up;
using test::Setting;
using test::settings;
using test::StoredMessage;
using Reply = test::MemoryServer::Reply;

namespace {

std::string number_of(const Household& house, const std::string& uidl) {
  const auto& all = house.server.messages;
  const auto found = std::ranges::find(all, uidl, &StoredMessage::uidl);
  return std::to_string(found - all.begin() + 1);
}

std::string whole_of(const Household& house, const std::string& uidl) {
  const auto found = std::ranges::find(house.server.messages, uidl, &StoredMessage::uidl);
  return "+OK\r\n" + test::stuffed(found->bytes);
}

StoredMessage mail_with_id(int n) {
  auto mail = mail_of(n);
  mail.bytes = "Message-ID: <" + std::to_string(n) + "@example.org>\r\n" + mail.bytes;
  return mail;
}

}  // namespace

TEST_CASE("an answer too many after each TOP or DELE of one message does not keep the others on the server") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    for (const std::string verb : {"TOP ", "DELE ", "RETR "}) {
      for (const int bad : {1, 2, 3}) {
        CAPTURE(kind);
        CAPTURE(verb);
        CAPTURE(bad);
        Household house;
        set_up(house, {kind, false, true});
        for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_with_id(n));
        house.run();
        house.account.policy.leave_on_server = false;
        house.server.options.top = verb != "RETR ";
        const std::string uidl = "uid" + std::to_string(bad);
        house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
          if (command != verb + number_of(house, uidl) + (verb == "TOP " ? " 0" : "")) return std::nullopt;
          if (verb == "DELE ") return Reply{"+OK\r\n+OK\r\n"};
          return Reply{whole_of(house, uidl) + "+OK\r\n"};
        };
        for (int run = 1; run <= 3; ++run) house.run();
        house.server.messages.push_back(mail_with_id(4));
        for (int run = 1; run <= 2; ++run) house.run();
        CHECK(house.server.messages.size() <= 1);
        if (!house.server.messages.empty()) CHECK(house.server.messages.front().uidl == uidl);
        house.server.misbehave = {};
        CHECK(engine::status_of(house.run()) == 0);
        CHECK(house.server.messages.empty());
        for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
      }
    }
  }
}

TEST_CASE("a hang-up behind a delivered message that is read again keeps no other on the server") {
  for (const auto& setting : settings()) {
    if (setting.leave) continue;
    for (const bool uidl : {true, false}) {
      for (const int bad : {1, 3, 5}) {
        CAPTURE(setting);
        CAPTURE(uidl);
        CAPTURE(bad);
        Household house;
        set_up(house, {setting.kind, setting.pipelining, true});
        house.server.options.uidl = uidl;
        house.server.options.top = !uidl;
        for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_with_id(n));
        house.run();
        house.account.policy.leave_on_server = false;
        const std::string name = "uid" + std::to_string(bad);
        bool sixth_failed = false;
        house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
          if (!sixth_failed && command == "RETR " + number_of(house, "uid6") &&
              house.server.messages.back().uidl == "uid6") {
            sixth_failed = true;
            return Reply{"", true};
          }
          if (command != "RETR " + number_of(house, name)) return std::nullopt;
          return Reply{whole_of(house, name), true};
        };
        for (int run = 1; run <= 2; ++run) house.run();
        house.server.messages.push_back(mail_with_id(6));
        for (int run = 1; run <= 4; ++run) house.run();
        CHECK(house.copies_of(6) == 1);
        CHECK(house.server.messages.size() == 1);
        house.server.misbehave = {};
        house.run();
        CHECK(house.server.messages.empty());
        for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == 1);
      }
    }
  }
}

TEST_CASE("of two equal messages, the one whose row the other took over is fetched in the same run") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    CAPTURE(kind);
    Household house;
    set_up(house, {kind, false, false});
    for (int n = 1; n <= 2; ++n) house.server.messages.push_back(mail_with_id(n));
    house.server.messages.insert(house.server.messages.begin(), {"twin", mail_with_id(1).bytes});
    bool broken = false;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (broken || command != "DELE 1") return std::nullopt;
      broken = true;
      return Reply{"hello\r\n", true};
    };
    house.run();
    const auto outcome = house.run();
    CHECK(engine::status_of(outcome) == 0);
    CHECK(outcome.totals.waiting == 0);
    CHECK(house.copies_of(1) == 2);
    CHECK(house.copies_of(2) == 1);
    CHECK(house.server.messages.empty());
  }
}

TEST_CASE(
    "without UIDL, a message that breaks every session comes last although its size changes each time") {
  for (const auto& setting : settings()) {
    for (const int bad : {1, 2, 3}) {
      CAPTURE(setting);
      CAPTURE(bad);
      Household house;
      set_up(house, setting);
      house.server.options.uidl = false;
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_with_id(n));
      const std::string name = "uid" + std::to_string(bad);
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command != "RETR " + number_of(house, name)) return std::nullopt;
        return Reply{"", true};
      };
      for (int run = 1; run <= 4; ++run) {
        house.run();
        for (auto& message : house.server.messages) message.bytes += "\r\n";
      }
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == bad ? 0 : 1));
      CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
      house.server.misbehave = {};
      for (int run = 1; run <= 2; ++run) house.run();
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("a status line in front of a message, because an answer too many came, is no part of it") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    for (int n = 1; n <= 2; ++n) house.server.messages.push_back(mail_with_id(n));
    house.server.messages.push_back({"uid3", "+OK is how it begins\r\n\r\nbody 3\r\n"});
    bool late = false;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (late || command != "RETR 2") return std::nullopt;
      late = true;
      return Reply{"+OK\r\n" + whole_of(house, "uid2")};
    };
    for (int run = 1; run <= 3; ++run) house.run();
    CHECK(house.times("+OK") == 1);
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("where sizes are wrong, a hang-up behind one message starves no others") {
  for (const auto& setting : settings()) {
    if (setting.pipelining) continue;
    for (const int bad : {1, 3}) {
      CAPTURE(setting);
      CAPTURE(bad);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 6; ++n) house.server.messages.push_back(mail_with_id(n));
      const std::string name = "uid" + std::to_string(bad);
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command == "LIST") {
          std::string lines = "+OK\r\n";
          for (std::size_t n = 1; n <= house.server.messages.size(); ++n)
            lines += std::to_string(n) + " 1\r\n";
          return Reply{lines + ".\r\n"};
        }
        if (command != "RETR " + number_of(house, name)) return std::nullopt;
        return Reply{whole_of(house, name), true};
      };
      for (int run = 1; run <= 3; ++run) house.run();
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == (n == bad ? 0 : 1));
      house.run();  // removes what arrived in the session that broke
      CHECK(house.server.messages.size() == (setting.leave ? 6 : 1));
    }
  }
}

TEST_CASE(
    "a known message with an answer too many behind it does not always go before one that failed once") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    CAPTURE(kind);
    Household house;
    set_up(house, {kind, false, true});
    house.server.options.top = false;
    house.server.messages.push_back(mail_with_id(1));
    house.run();
    house.account.policy.leave_on_server = false;
    house.server.messages.push_back(mail_with_id(2));
    bool second_broke = false;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command == "RETR " + number_of(house, "uid1")) return Reply{whole_of(house, "uid1") + "+OK\r\n"};
      if (second_broke || command != "RETR " + number_of(house, "uid2")) return std::nullopt;
      second_broke = true;
      return Reply{"", true};
    };
    for (int run = 1; run <= 5; ++run) house.run();
    CHECK(second_broke);
    CHECK(house.copies_of(2) == 1);
    house.server.misbehave = {};
    house.run();
    CHECK(house.server.messages.empty());
    for (int n = 1; n <= 2; ++n) CHECK(house.copies_of(n) == 1);
  }
}

TEST_CASE("a status line in front of a message is no part of it where all sizes are wrong, either") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    for (int n = 1; n <= 8; ++n) house.server.messages.push_back(mail_with_id(n));
    bool late = false;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command == "LIST") {
        std::string lines = "+OK\r\n";
        for (std::size_t n = 1; n <= house.server.messages.size(); ++n)
          lines += std::to_string(n) + " " + std::to_string(house.server.messages[n - 1].bytes.size() + 10) +
                   "\r\n";
        return Reply{lines + ".\r\n"};
      }
      if (late || command != "RETR " + number_of(house, "uid6")) return std::nullopt;
      late = true;
      return Reply{"+OK\r\n" + whole_of(house, "uid6")};
    };
    for (int run = 1; run <= 4; ++run) house.run();
    CHECK(late);
    CHECK(house.times("+OK") == 0);
    for (int n = 1; n <= 8; ++n) CHECK(house.copies_of(n) == 1);
    CHECK(house.server.messages.size() == setting.left_of(8));
  }
}

TEST_CASE("a proof that the server refuses blames no message that was not asked for yet") {
  Household house;
  set_up(house, {"maildir", false, false});
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_with_id(n));
  bool all_break = true, whole_came = false;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command.starts_with("RETR ") && all_break) return Reply{"", true};
    if (command.starts_with("RETR ")) whole_came = true;
    if (command == "STAT" && whole_came) return Reply{"-ERR [SYS/TEMP] too many of them\r\n"};
    return std::nullopt;
  };
  for (int run = 1; run <= 3; ++run) house.run();
  all_break = false;
  house.run();
  CHECK(whole_came);
  REQUIRE_FALSE(house.told.failures.empty());
  for (const auto& error : house.told.failures) {
    CAPTURE(error);
    CHECK(error.find("message uid2") == std::string::npos);
    CHECK(error.find("message uid3") == std::string::npos);
  }
}

TEST_CASE(
    "a body that comes late, behind the refusal of its message, keeps no later message from being fetched") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    CAPTURE(kind);
    Household house;
    set_up(house, {kind, false, true});
    for (int n = 1; n <= 4; ++n) {  // each is longer than LIST announces for the next one
      house.server.messages.push_back(mail_with_id(n));
      house.server.messages.back().bytes += std::string(static_cast<std::size_t>(9 - n), 'x') + "\r\n";
    }
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command == "RETR 2") return Reply("-ERR internal error\r\n");
      if (command == "RETR 3") return Reply(whole_of(house, "uid2"));
      if (command == "RETR 4") return Reply(whole_of(house, "uid3"));
      if (command == "STAT") return Reply(whole_of(house, "uid4"));
      return std::nullopt;
    };
    house.run();
    house.server.misbehave = {};
    for (int run = 0; run < 2; ++run) CHECK(engine::status_of(house.run()) == 0);
    for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
  }
}
