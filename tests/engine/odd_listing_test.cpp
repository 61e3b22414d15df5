// SPDX-License-Identifier: MIT
// Listings that make no sense, that differ from each other, or that are written in another way.
#include <doctest/doctest.h>

#include "engine/grid.h"

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
  return std::ranges::count_if(house.server.commands, [](const auto& command) {
    return command.starts_with("RETR") || command.starts_with("DELE");
  });
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
