// SPDX-License-Identifier: MIT
// Listings that make no sense, contradict each other, or have an unusual form.
#include <doctest/doctest.h>

#include <set>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

struct Listing {
  std::string reply, quoted;
};

const std::vector<Listing> listings_of_nonsense{
    {"+OK\r\nhello there\r\n.\r\n", "hello there"},
    {"+OK 2 messages\r\n<html>\r\n</html>\r\n.\r\n", "<html>"},
    {"+OK\r\nx1 5\r\nx2 5\r\n.\r\n", "x1 5"},
    {"+OK\r\n-1 5\r\n.\r\n", "-1 5"},
};

long asked_for_mail(const Household& house) {
  return house.server.count_of("RETR") + house.server.count_of("DELE");
}

}  // namespace

TEST_CASE("a listing that makes no sense fetches and removes nothing, and is no success") {
  for (const auto& setting : settings()) {
    for (const auto& listing : listings_of_nonsense) {
      CAPTURE(setting);
      CAPTURE(listing.quoted);
      Household house;
      set_up(house, setting);
      house.account.policy.leave_on_server = true;
      house.server.messages = {mail_of(1)};
      house.run();
      house.account.policy.leave_on_server = setting.leave;
      house.server.messages.push_back(mail_of(2));
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        return command == "LIST" ? std::optional(Reply(listing.reply)) : std::nullopt;
      };
      house.server.commands.clear();
      const auto outcome = house.run();
      CHECK(engine::status_of(outcome) == 76);
      REQUIRE(outcome.error);
      CHECK(std::string(outcome.error->what()).find('"' + listing.quoted + '"') != std::string::npos);
      CHECK(asked_for_mail(house) == 0);
      house.server.misbehave = {};
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 2; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(2));
    }
  }
}

TEST_CASE("what a listing leaves out is told, and what it has is fetched") {
  struct Case {
    std::vector<std::string> list;
    std::set<int> listed;  ///< which of the three messages are listed
    std::string says;
    bool uidl_agrees = false;
  };
  const std::string size = std::to_string(mail_of(1).bytes.size());
  const std::vector<Case> cases{
      {{"1 " + size}, {1}, "counts 3 messages and lists 1"},
      {{"1 " + size}, {1}, "counts 3 messages and lists 1", true},
      {{"1 " + size, "3 " + size}, {1, 3}, "counts 3 messages and lists 2"},
      {{"3 " + size, "3 " + size}, {3}, "counts 3 messages and lists 1"},
      {{"1 " + size, "hello", "x y"}, {1}, "has a malformed line: \"hello\""},
      {{"x y", "2 " + size}, {2}, "has a malformed line: \"x y\""},
  };
  for (const auto& setting : settings()) {
    for (const auto& one : cases) {
      CAPTURE(setting);
      CAPTURE(one.list);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command == "LIST") return test::multi_line(one.list);
        if (command == "UIDL" && one.uidl_agrees) return test::multi_line({"1 uid1"});
        return std::nullopt;
      };
      CHECK(engine::status_of(house.run()) == 76);
      REQUIRE(house.told.failures.size() == 1);
      CHECK(house.told.failures[0].find(one.says) != std::string::npos);
      CHECK(house.told.warnings.empty());
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == one.listed.count(n));
      CHECK(house.server.messages.size() == 3 - (setting.leave ? 0 : one.listed.size()));
      house.server.misbehave = {};
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("mail that was fetched before and that a listing leaves out is not fetched again") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    house.run();
    house.account.policy.leave_on_server = setting.leave;
    bool leaves_out = true;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command != "LIST" || !leaves_out) return std::nullopt;
      return test::multi_line({"1 " + std::to_string(mail_of(1).bytes.size())});
    };
    for (int runs = 1; runs <= 2; ++runs) {
      CHECK(engine::status_of(house.run()) == 76);
      CHECK(house.told.failures.size() == 1);
    }
    leaves_out = false;
    CHECK(engine::status_of(house.run()) == 0);
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("a server that counts otherwise, and lists all of its mail, is no trouble") {
  for (const auto& setting : settings()) {
    for (const std::string stat : {"+OK 0 0", "+OK 1 9", "+OK", "+OK what 9", "-ERR no"}) {
      CAPTURE(setting);
      CAPTURE(stat);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      house.server.misbehave = [&](const std::string& command, std::size_t nth) -> std::optional<Reply> {
        return command == "STAT" && nth <= 2 ? std::optional(Reply(stat + "\r\n")) : std::nullopt;
      };
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.told.warnings.empty());
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("a message that arrives while the maildrop is being listed is nothing to mention") {
  for (const auto& setting : settings()) {
    for (const std::string late : {"STAT", "LIST", "UIDL"}) {
      CAPTURE(setting);
      CAPTURE(late);
      Household house;
      set_up(house, setting);
      house.server.messages = {mail_of(1), mail_of(2)};
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command == late && house.server.messages.size() == 2 && house.server.sessions == 1)
          house.server.messages.push_back(mail_of(3));
        return std::nullopt;
      };
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.told.warnings.empty());
      CHECK(house.told.failures.empty());
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("UIDs with blanks at their ends are the same UIDs") {
  for (const auto& setting : settings()) {
    for (const bool blanks_first : {true, false}) {
      CAPTURE(setting);
      CAPTURE(blanks_first);
      Household house;
      set_up(house, setting);
      house.account.policy.leave_on_server = true;
      for (int n = 1; n <= 4; ++n) house.server.messages.push_back(mail_of(n));
      bool blanks = blanks_first;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command != "UIDL" || !blanks || house.server.messages.empty()) return std::nullopt;
        return test::multi_line({"1 uid1 ", "2 uid2\t", "3  uid3   ", "4\tuid4 \t "});
      };
      CHECK(house.run().totals.fetched == 4);
      house.server.commands.clear();
      blanks = !blanks;
      house.account.policy.leave_on_server = setting.leave;
      const auto outcome = house.run();
      CHECK(engine::status_of(outcome) == 0);
      CHECK(outcome.totals.fetched == 0);
      if (setting.leave) CHECK(asked_for_mail(house) == 0);
      for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(4));
    }
  }
}
