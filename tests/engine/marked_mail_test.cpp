// SPDX-License-Identifier: MIT
// Messages that a person marked as seen, or that were handed to standard output.
#include <doctest/doctest.h>

#include "engine/list.h"
#include "engine/mark.h"
#include "rows.h"

using namespace mailhaul;
using test::change_first_row;
using test::Household;
using test::mail_of;

TEST_CASE("it is said whether the server has no UIDs at all, or which message has none of its own") {
  struct Case {
    bool has_uidl_and_top, has_capa;
    std::string sentence;
  };
  const std::vector<Case> cases{
      {true, true, "message same cannot be marked: it has no unique UID, and its header could not be read"},
      {false, true, "messages cannot be marked: the server has neither UIDL nor TOP to tell them apart"},
      {false, false, "messages cannot be marked: the server has neither UIDL nor TOP to tell them apart"}};
  for (const auto& one : cases) {
    CAPTURE(one.has_uidl_and_top);
    CAPTURE(one.has_capa);
    Household house;
    house.server.options.capa = one.has_capa;
    house.server.options.uidl = house.server.options.top = one.has_uidl_and_top;
    house.server.messages = {{"same", mail_of(1).bytes}, {"same", mail_of(2).bytes}};
    house.server.misbehave = [](const std::string& command,
                                std::size_t) -> std::optional<test::MemoryServer::Reply> {
      if (!command.starts_with("TOP ")) return std::nullopt;
      return test::MemoryServer::Reply("-ERR no\r\n");
    };
    std::string sentence;
    try {
      engine::mark(house.account, house.environment, house.told,
                   {.uids = {}, .standing = state::Standing::seen, .delivered = {}});
    } catch (const util::Error& error) {
      sentence = error.what();
    }
    CHECK(sentence == one.sentence);
    const auto says_neither = [&] {
      return std::ranges::any_of(house.told.warnings, [](const std::string& warning) {
        return warning.find("neither UIDL nor TOP") != std::string::npos;
      });
    };
    engine::list_mailbox(house.account, house.environment, house.told, {});
    CHECK(says_neither() != one.has_uidl_and_top);
    house.run();
    CHECK(says_neither() != one.has_uidl_and_top);
    CHECK(house.copies_of(1) + house.copies_of(2) == 2);
  }
}

TEST_CASE("with EXPIRE 0 a message that was marked as seen stays when its content had to be compared") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1), mail_of(2)};
  house.run();
  change_first_row(house, [&](state::Row& row) {
    row.standing = state::Standing::seen;
    row.delivered.reset();
    row.suspect = true;
  });
  house.server.options.top = false;
  house.server.options.more_capabilities = {"EXPIRE 0"};
  house.server.commands.clear();
  house.run();
  CHECK(house.server.count("RETR 1") == 1);
  CHECK(house.server.count("QUIT") == 0);
}

TEST_CASE("a message that was marked as seen is not read whole because its size has changed") {
  Household house;
  house.server.messages = {mail_of(1)};
  house.account.policy.leave_on_server = true;
  house.run();
  change_first_row(house, [&](state::Row& row) {
    row.standing = state::Standing::seen;
    row.delivered.reset();
    row.suspect = true;
    row.bytes += 7;
  });
  house.account.policy.leave_on_server = false;
  house.server.commands.clear();
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.server.count("TOP 1 0") == 1);
  CHECK(house.server.count("RETR 1") == 0);
  CHECK(house.server.messages.size() == 1);
}

TEST_CASE(
    "a message under the UIDL of one that was handed to standard output is fetched, if its size differs") {
  for (const bool other_message : {true, false}) {
    CAPTURE(other_message);
    Household house;
    house.server.messages = {mail_of(1)};
    house.account.policy.leave_on_server = true;
    house.run();
    change_first_row(house, [&](state::Row& row) {
      row.standing = state::Standing::seen;
      if (!other_message) row.bytes += 7;  // then, the server announced another size
    });
    if (other_message) house.server.messages.front().bytes = mail_of(22).bytes + "another size\r\n";
    for (int run = 0; run < 2; ++run) {
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.mail().size() == (other_message ? 2 : 1));
    }
    CHECK(house.server.count("RETR 1") == 2);
    CHECK(house.server.messages.size() == 1);
  }
}

TEST_CASE(
    "a message under the UIDL of one that was marked as seen is fetched, if its size and header differ") {
  for (const bool top : {true, false}) {
    CAPTURE(top);
    Household house;
    house.server.options.top = top;
    house.account.policy.leave_on_server = true;
    house.server.messages = {mail_of(1), mail_of(2)};
    house.run();
    change_first_row(house, [](state::Row& row) {
      row.standing = state::Standing::seen;
      row.delivered.reset();
      row.content.reset();
    });
    house.server.messages[0].bytes = mail_of(33).bytes;
    house.server.commands.clear();
    CHECK(house.run().totals.fetched == (top ? 1 : 0));  // without TOP, it is not compared
    CHECK(house.copies_of(33) == (top ? 1 : 0));
    CHECK(house.server.count("RETR 1") == (top ? 1 : 0));
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.server.messages.size() == 2);
  }
}

TEST_CASE(
    "the size of a message that was marked as seen may change: its header shows once that it is the same") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  house.run();
  change_first_row(house, [](state::Row& row) {
    row.standing = state::Standing::seen;
    row.delivered.reset();
    row.bytes += 7;
  });
  house.server.commands.clear();
  for (int run = 0; run < 2; ++run) CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.count("TOP 1 0") == 1);
  CHECK(house.server.count_of("RETR") == 0);
}
