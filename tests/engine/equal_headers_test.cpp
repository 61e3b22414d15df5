// SPDX-License-Identifier: MIT
// Messages in which all fields of the sender are equal, such as the reports of a program: only their bodies
// differ.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::settings;
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

namespace {

/// The removal of a message is not confirmed. Then another message has its UIDL and its header.
void check_unconfirmed(const test::Setting& setting, bool wrong_sizes, const std::string& text,
                       const Reply& to_quit, bool delivered_before) {
  CAPTURE(setting);
  CAPTURE(wrong_sizes);
  CAPTURE(text);
  CAPTURE(to_quit.bytes);
  CAPTURE(delivered_before);
  Household house;
  set_up(house, setting);
  house.server.messages = {alarm_of("1", "disk 1 failed")};
  bool removing = false;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (wrong_sizes && command == "LIST")
      return test::multi_line(
          {"1 " + std::to_string(house.server.messages[0].bytes.size() + 3 + house.server.sessions)});
    if (command != "QUIT" || !std::exchange(removing, false)) return std::nullopt;
    house.server.messages.clear();
    return to_quit;
  };
  house.account.policy.leave_on_server = true;
  if (delivered_before) house.run();
  house.account.policy.leave_on_server = false;
  removing = true;
  house.run();
  CHECK(house.server.messages.empty());
  house.account.policy.leave_on_server = setting.leave;
  house.server.messages = {alarm_of("1", text)};
  house.run();
  CHECK(house.times(text) == 1);
  CHECK(house.times("Subject: alarm") == 2);
  CHECK(house.server.messages.size() == setting.left_of(1));
}

}  // namespace

TEST_CASE("after an unconfirmed removal, another message of the same UIDL and header is new mail") {
  for (const auto& setting : settings()) {
    for (const std::string text : {"disk 2 failed", "disk 10 failed"}) {
      for (const bool delivered_before : {true, false}) {
        check_unconfirmed(setting, true, text, Reply("", true), delivered_before);
        for (const auto& to_quit : {Reply("", true), Reply("-ERR some are not removed\r\n", true)})
          check_unconfirmed(setting, false, text, to_quit, delivered_before);
      }
    }
  }
}

TEST_CASE("a body under its neighbour's number is not believed because their headers are equal") {
  for (const auto& setting : settings()) {
    for (const std::size_t unanswered : {1U, 2U, 4U}) {
      CAPTURE(setting);
      CAPTURE(unanswered);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 4; ++n)
        house.server.messages.push_back(
            alarm_of("uid" + std::to_string(n), "disk " + std::string(n, '1') + " failed"));
      std::size_t asked = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (house.server.sessions == 1 && command.starts_with("RETR ") && ++asked == unanswered)
          return Reply("");
        return std::nullopt;
      };
      for (int run = 0; run < 3; ++run) house.run();
      for (int n = 1; n <= 4; ++n) CHECK(house.times("disk " + std::string(n, '1') + " failed") == 1);
      CHECK(house.server.messages.size() == setting.left_of(4));
    }
  }
}

namespace {

/// Makes each size in LIST too large by `more`.
void announce_more(Household& house, const std::size_t& more) {
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST") return std::nullopt;
    std::vector<std::string> lines;
    for (const auto& message : house.server.messages)
      lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(message.bytes.size() + more));
    return test::multi_line(lines);
  };
}

}  // namespace

namespace {

struct Change {
  std::string text;
  bool top, absent;
  std::size_t more;
};

std::vector<Change> changes() {
  std::vector<Change> all;
  for (const std::string text : {"disk 2 failed", "disk 10 failed"}) {
    for (const bool top : {true, false}) {
      for (const bool absent : {true, false}) {
        for (const std::size_t more : {0U, 7U}) all.push_back({text, top, absent, more});
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE("mail that stays is not taken for another of its UIDL and header, whatever their sizes") {
  for (const auto& setting : settings()) {
    for (const auto& change : changes()) {
      // Another message of the same size cannot be detected if its UIDL was never absent.
      if (setting.leave && !change.absent && change.text.size() == 13) continue;
      CAPTURE(setting);
      CAPTURE(change.text);
      CAPTURE(change.top);
      CAPTURE(change.absent);
      CAPTURE(change.more);
      Household house;
      set_up(house, setting);
      house.account.policy.leave_on_server = true;
      house.server.options.top = change.top;
      announce_more(house, change.more);
      house.server.messages = {alarm_of("1", "disk 1 failed"), mail_of(2)};
      house.run();
      if (change.absent) {
        house.server.messages = {mail_of(2)};
        house.run();
      }
      house.account.policy.leave_on_server = setting.leave;
      house.server.messages = {alarm_of("1", change.text), mail_of(2)};
      house.run();
      CHECK(house.times("disk 1 failed") == 1);
      CHECK(house.times(change.text) == 1);
      CHECK(house.copies_of(2) == 1);
      CHECK(house.server.messages.size() == setting.left_of(2));
    }
  }
}

TEST_CASE("mail without a Message-ID that stays is not read again, and is read once before it is removed") {
  for (const auto& setting : settings()) {
    for (const std::size_t more : {0U, 7U}) {
      CAPTURE(setting);
      CAPTURE(more);
      Household house;
      set_up(house, setting);
      house.account.policy.leave_on_server = true;
      announce_more(house, more);
      house.server.messages = {alarm_of("1", "disk 1 failed"), alarm_of("2", "disk 2 failed")};
      house.run();
      house.server.commands.clear();
      for (int run = 0; run < 2; ++run) house.run();
      CHECK(house.server.count_of("RETR") == 0);
      if (setting.leave) {
        house.account.policy.delete_after = std::chrono::seconds(1);
        house.now += std::chrono::hours(2);
        house.run();
        house.now += std::chrono::hours(2);
      } else {
        house.account.policy.leave_on_server = false;
      }
      house.run();
      CHECK(house.server.count_of("RETR") == 2);
      CHECK(house.server.messages.empty());
      for (const std::string text : {"disk 1 failed", "disk 2 failed"}) CHECK(house.times(text) == 1);
    }
  }
}

TEST_CASE("mail without a Message-ID is removed where RETR after TOP brings the header only") {
  for (const auto& setting : settings()) {
    if (setting.leave) continue;  // then nothing is requested
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    house.server.messages = {alarm_of("1", "disk 1 failed"), mail_of(2)};
    house.run();
    house.account.policy.leave_on_server = false;
    std::set<std::string> topped;
    std::size_t session = 0;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (std::exchange(session, house.server.sessions) != house.server.sessions) topped.clear();
      if (command.starts_with("TOP ")) topped.insert(command.substr(4, command.rfind(' ') - 4));
      if (!command.starts_with("RETR ") || !topped.contains(command.substr(5))) return std::nullopt;
      const auto& message = house.server.messages[std::stoul(command.substr(5)) - 1];
      return Reply("+OK\r\n" + test::stuffed(test::header_of(message.bytes)));
    };
    for (int run = 0; run < 2; ++run) CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.times("disk 1 failed") == 1);
    CHECK(house.copies_of(2) == 1);
    CHECK(house.server.messages.empty());
  }
}
