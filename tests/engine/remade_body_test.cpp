// SPDX-License-Identifier: MIT
// Servers that announce wrong sizes, or make a message's body anew each time it is retrieved.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::Household;
using test::mail_of;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

/// A message with a Message-ID, so that no other message has its header.
test::StoredMessage named_mail(int n) {
  auto mail = mail_of(n);
  mail.bytes = "Message-ID: <" + mail.uidl + "@x>\r\n" + mail.bytes;
  return mail;
}

/// Makes LIST announce `more` bytes more than each message has.
void announce(Household& house, std::size_t more) {
  house.server.misbehave = [&house, more](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST") return std::nullopt;
    std::vector<std::string> lines;
    for (const auto& message : house.server.messages)
      lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(message.bytes.size() + more));
    return test::multi_line(lines);
  };
}

/// Message 2 is a notice with a new boundary at each RETR and TOP.
void make_notices(Household& house, int& made) {
  house.server.misbehave = [&made](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "RETR 2" && command != "TOP 2 0") return std::nullopt;
    const auto boundary = "=_" + std::to_string(++made + 100);
    const std::string header =
        "From: x\r\nMessage-ID: <1@x>\r\nSubject: notice\r\nContent-Type: multipart/mixed; boundary=\"" +
        boundary + "\"\r\n\r\n";
    if (command.starts_with("TOP")) return Reply("+OK\r\n" + test::stuffed(header));
    return Reply("+OK\r\n" + test::stuffed(header + "--" + boundary + "\r\n\r\nno\r\n"));
  };
}

}  // namespace

TEST_CASE("a server whose sizes are known to be wrong is asked for headers only when they change") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    for (int n = 1; n <= 5; ++n) house.server.messages.push_back(named_mail(n));
    announce(house, 7);
    CHECK(house.run().totals.fetched == 5);
    for (const std::size_t more : {9U, 11U, 0U}) {
      announce(house, more);
      house.server.commands.clear();
      CHECK(house.run().totals.fetched == 0);
      CHECK(house.server.count_of("RETR") == 0);
      CHECK(house.server.count_of("TOP") == 5);
    }
    // A UIDL that is used again is still noticed.
    house.server.messages[2].bytes = mail_of(33).bytes + "more\r\n";
    house.account.policy.leave_on_server = setting.leave;
    CHECK(house.run().totals.fetched == 1);
    CHECK(house.run().totals.fetched == 0);
    CHECK(house.times("Subject: ") == 6);
    CHECK(house.server.messages.size() == setting.left_of(5));
  }
}

namespace {

void check_notices(const std::string& kind) {
  for (const bool pipelining : {true, false}) {
    for (const bool top : {true, false}) {
      CAPTURE(kind);
      CAPTURE(pipelining);
      CAPTURE(top);
      Household house;
      house.deliver_as(kind);
      house.server.options.pipelining = pipelining;
      house.server.options.top = top;
      house.account.policy.leave_on_server = true;
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      int made = 0;
      make_notices(house, made);
      CHECK(house.run().totals.fetched == 3);
      house.server.commands.clear();
      CHECK(house.run().totals.fetched == 0);
      CHECK(house.server.count_of("RETR") == 0);
      const auto kept = house.server.messages;
      for (int again = 0; again < 3; ++again) {  // within a day of the delivery, and later
        house.server.messages = {};
        house.run();
        house.server.messages = kept;
        CHECK(house.run().totals.fetched == 0);
        house.now += 48h;
      }
      CHECK(house.times("Subject: ") == 3);
    }
  }
}

}  // namespace

TEST_CASE("a notice with another boundary at each RETR is one message") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) check_notices(kind);
}

TEST_CASE("a notice in the place of a message is delivered once, and the message stays on the server") {
  for (const auto& setting : settings()) {
    if (setting.leave) continue;  // it stays in any case
    for (const bool top : {true, false}) {
      CAPTURE(setting);
      CAPTURE(top);
      Household house;
      set_up(house, setting);
      house.server.options.top = top;
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      const auto original = house.server.messages[1].bytes;
      int made = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        const auto at = std::ranges::find(house.server.messages, original, &test::StoredMessage::bytes);
        const auto number = std::to_string(at - house.server.messages.begin() + 1);
        if (command != "RETR " + number && command != "TOP " + number + " 0") return std::nullopt;
        const auto boundary = "=_1371-" + std::to_string(++made);
        const std::string header =
            "From: Mail Delivery Subsystem <postmaster>\r\nSubject: Cannot display Unicode content\r\n"
            "Mime-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" +
            boundary + "\"\r\n\r\n";
        if (command.starts_with("TOP")) return Reply("+OK\r\n" + test::stuffed(header));
        return Reply("+OK\r\n" + test::stuffed(header + "--" + boundary + "\r\n\r\n" + original));
      };
      CHECK(house.run().totals.fetched == 3);
      REQUIRE(house.told.warnings.size() == 1);
      CHECK(house.told.warnings[0].find("in place of message") != std::string::npos);
      for (int again = 0; again < 2; ++again) {
        CHECK(house.server.messages.size() == 1);
        CHECK(house.run().totals.fetched == 0);
        house.now += 48h;
      }
      REQUIRE(house.server.messages.size() == 1);
      CHECK(house.server.messages[0].bytes == original);
      CHECK(house.times("=_1371-") == 2);  // in its header, and before its only part
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
    }
  }
}

TEST_CASE("a body made anew at each RETR is in the Maildir once, although the program beside it refuses it") {
  for (const bool pipelining : {true, false}) {
    CAPTURE(pipelining);
    Household house;
    set_up(house, {"maildir", pipelining, true});
    house.account.deliver.push_back(
        test::program({"/bin/sh", "-c", "grep -q 'Subject: notice' && exit 65; exit 0"}));
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    int made = 0;
    make_notices(house, made);
    for (int run = 0; run < 4; ++run) {
      house.run();
      CHECK(house.mail().size() == 3);
      house.now += 48h;
    }
    house.account.deliver.pop_back();
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.mail().size() == 3);
  }
}
