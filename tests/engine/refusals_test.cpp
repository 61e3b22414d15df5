// SPDX-License-Identifier: MIT
#include "engine/refusals.h"

#include <doctest/doctest.h>

#include "engine/get.h"
#include "grid.h"

using namespace mailhaul;
using engine::RefusalEffect;
using engine::Refusals;
using test::Household;
using test::mail_of;
using test::settings;
using RefusalReply = test::MemoryServer::Reply;

namespace {

/// Puts six messages on the server, which refuses RETR in these words from message number `first` on.
void refuse_from(Household& house, std::size_t first, const std::string& words) {
  for (int n = 1; n <= 6; ++n) house.server.messages.push_back(mail_of(n));
  house.server.misbehave = [first, words](const std::string& command,
                                          std::size_t) -> std::optional<RefusalReply> {
    if (!command.starts_with("RETR ") || std::stoul(command.substr(5)) < first) return std::nullopt;
    return RefusalReply("-ERR " + words + "\r\n");
  };
}

}  // namespace

TEST_CASE("three refusals in a row that differ in numbers only end the asking") {
  Refusals refusals;
  const auto unknown = net::Reason::unknown;
  CHECK(refusals.add("message 1 is locked", unknown) == RefusalEffect::this_message);
  CHECK(refusals.add("message 2 is locked", unknown) == RefusalEffect::this_message);
  CHECK(refusals.add("message 3 is locked", unknown) == RefusalEffect::stop_asking);
  CHECK(refusals.add("message 4 is locked", unknown) == RefusalEffect::told);
}

TEST_CASE("other words, or a message between them, begin the count anew") {
  Refusals refusals;
  const auto unknown = net::Reason::unknown;
  for (int i = 0; i < 4; ++i) {
    CHECK(refusals.add("a", unknown) == RefusalEffect::this_message);
    CHECK(refusals.add("a", unknown) == RefusalEffect::this_message);
    refusals.reset();
    CHECK(refusals.add("b", unknown) == RefusalEffect::this_message);
  }
}

TEST_CASE("a limit ends the asking at once, and what is gone is no failure") {
  Refusals refusals;
  CHECK(refusals.add("expunged", net::Reason::gone) == RefusalEffect::gone);
  CHECK(refusals.add("too many", net::Reason::limit) == RefusalEffect::stop_asking);
  CHECK(refusals.add("too many", net::Reason::limit) == RefusalEffect::told);
  CHECK(refusals.add("expunged", net::Reason::gone) == RefusalEffect::gone);
}

TEST_CASE("a limit in the server's words is told once, and what came before it is removed") {
  for (const auto* words : {"Download exceed. msg=10", "Too many messages in one session",
                            "Request is throttled. Suggested Backoff Time: 12345 milliseconds"}) {
    for (const auto& setting : settings()) {
      CAPTURE(words);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      refuse_from(house, 4, words);
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.told.failures.size() == 1);
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == (n <= 3 ? 1 : 0));
      CHECK(house.server.messages.size() == (setting.leave ? 6 : 3));
      house.server.misbehave = {};
      house.now += std::chrono::minutes(5);  // the pause after a limit
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(6));
    }
  }
}

TEST_CASE("a server that refuses one message after the other in the same words is asked for no more") {
  for (const auto& setting : settings()) {
    for (const std::string words : {"cannot open it", "it is locked", "Internal error 17"}) {
      CAPTURE(setting);
      CAPTURE(words);
      Household house;
      set_up(house, setting);
      refuse_from(house, 2, words);
      house.run();
      CHECK(house.told.failures.size() == 3);
      CHECK(house.server.messages.size() == (setting.leave ? 6 : 5));
      if (!setting.pipelining) CHECK(house.server.count("RETR 5") == 0);
      house.server.misbehave = {};
      for (int run = 1; run <= 2; ++run) CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(6));
    }
  }
}

TEST_CASE("words that are not UTF-8 are escaped once, and shown whole") {
  std::string shown;
  for (int i = 0; i < 100; ++i) shown += "\\xe4";
  struct Case {
    std::string verb;
    int nth = 1;  ///< the second RETR compares a message of another size than the announced one
  };
  const std::vector<Case> cases{{"RETR "}, {"RETR ", 2}, {"DELE "}, {"QUIT"}};
  for (const auto& one : cases) {
    CAPTURE(one.verb);
    CAPTURE(one.nth);
    Household house;
    house.server.messages = {mail_of(1)};
    int asked = 0;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<RefusalReply> {
      if (command == "LIST" && one.nth == 2)
        return test::multi_line({"1 " + std::to_string(mail_of(1).bytes.size() + 30)});
      if (!command.starts_with(one.verb) || ++asked != one.nth) return std::nullopt;
      return RefusalReply("-ERR " + std::string(100, '\xe4') + "\r\n");
    };
    house.run();
    std::string said;
    for (const auto* sentences : {&house.told.failures, &house.told.warnings})
      for (const auto& sentence : *sentences) said += sentence + '\n';
    CAPTURE(said);
    CHECK(said.find("-ERR " + shown) != std::string::npos);
  }
}

TEST_CASE("get shows the words of a refusal that are not UTF-8 escaped once, and whole") {
  Household house;
  refuse_from(house, 1, std::string(100, '\xe4'));
  std::string shown = "cannot retrieve message uid1: the server said -ERR ";
  for (int i = 0; i < 100; ++i) shown += "\\xe4";
  const std::vector<std::string> uids{"uid1"};
  std::string sentence;
  try {
    engine::get(house.account, house.environment, house.told,
                {.uids = uids, .open_sink = [](std::size_t) { return engine::MessageSink(); }});
  } catch (const util::Error& error) {
    sentence = error.what();
  }
  CHECK(sentence == shown);
}

TEST_CASE("a message that is gone between the listing and RETR is no failure") {
  for (const auto& setting : settings()) {
    for (const std::string words :
         {"Message 6 expunged", "Message 6 has been deleted", "Message 6 no longer exists", "no such message",
          "Message 6 does not exist", "message has been removed"}) {
      CAPTURE(setting);
      CAPTURE(words);
      Household house;
      set_up(house, setting);
      refuse_from(house, 6, words);
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.told.failures.empty());
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == (n < 6 ? 1 : 0));
      CHECK(house.server.messages.size() == (setting.leave ? 6 : 1));
      std::erase_if(house.server.messages, [](const auto& message) { return message.uidl == "uid6"; });
      CHECK(engine::status_of(house.run()) == 0);
    }
  }
}

TEST_CASE("a message that is said to be gone, and is there all the same, is neither forgotten nor lost") {
  for (const auto& setting : settings()) {
    for (const std::string words : {"no such message", "Message 6 does not exist"}) {
      CAPTURE(setting);
      CAPTURE(words);
      Household house;
      set_up(house, setting);
      refuse_from(house, 6, words);
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(engine::status_of(house.run()) == (setting.leave ? 75 : 0));  // if it is number 1 now, it arrives
      house.server.misbehave = nullptr;
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 6; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(6));
    }
  }
}

TEST_CASE("a server that had UIDs and refuses UIDL is in trouble, and nothing is fetched again") {
  for (const auto& setting : settings()) {
    for (const bool top : {true, false}) {
      CAPTURE(setting);
      CAPTURE(top);
      Household house;
      set_up(house, setting);
      house.account.policy.leave_on_server = true;
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      house.run();
      house.account.policy.leave_on_server = setting.leave;
      house.server.options.uidl = false;
      house.server.options.top = top;
      const auto outcome = house.run();
      CHECK(engine::status_of(outcome) == 75);
      REQUIRE(outcome.error);
      CHECK(std::string(outcome.error->what()).find("unknown command") != std::string::npos);
      CHECK(outcome.error->hint().find("mailhaul state rebuild") != std::string::npos);
      CHECK(house.times("Subject: ") == 3);
      house.server.options.uidl = true;
      CHECK(engine::status_of(house.run()) == 0);
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

namespace {

/// Checks that a refusal of `verb` begins a pause. The first `answered` commands are answered as usual.
void check_pause(const test::Setting& setting, const std::string& verb, int answered = 0) {
  CAPTURE(setting);
  CAPTURE(verb);
  Household house;
  set_up(house, setting);
  house.server.messages = {mail_of(1)};
  house.server.misbehave = [verb, answered](const std::string& command,
                                            std::size_t) mutable -> std::optional<RefusalReply> {
    if (!command.starts_with(verb) || answered-- > 0) return std::nullopt;
    return RefusalReply("-ERR Request is throttled. Suggested Backoff Time: 900000 milliseconds\r\n");
  };
  CHECK(engine::status_of(house.run()) == 75);
  house.server.misbehave = nullptr;
  const auto sessions = house.server.sessions;
  house.now += std::chrono::minutes(14);
  CHECK(engine::status_of(house.run()) == 75);
  CHECK(house.server.sessions == sessions);
  house.now += std::chrono::minutes(1);
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.copies_of(1) == 1);
  CHECK(house.server.messages.size() == setting.left_of(1));
}

}  // namespace

TEST_CASE("words of a limit to any command begin a pause, as long as the server says") {
  for (const auto& setting : settings()) {
    for (const std::string verb : {"STAT", "LIST", "UIDL", "RETR", "DELE", "QUIT"}) {
      // These two do not matter if nothing is to be removed.
      if (setting.leave && (verb == "DELE" || verb == "QUIT")) continue;
      check_pause(setting, verb);
    }
    check_pause(setting, "STAT", 1);  // the STAT that is to show that the message has ended
  }
}

TEST_CASE("words of a limit to TOP begin a pause, whatever the header was to tell") {
  for (const auto& setting : settings()) {
    if (setting.leave) continue;  // headers are requested only before a removal
    for (const bool uidl : {true, false}) {
      CAPTURE(setting);
      CAPTURE(uidl);
      Household house;
      set_up(house, setting);
      house.server.options.uidl = uidl;
      house.account.policy.leave_on_server = true;
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      CHECK(engine::status_of(house.run()) == 0);
      house.account.policy.leave_on_server = false;
      house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<RefusalReply> {
        if (!command.starts_with("TOP ")) return std::nullopt;
        return RefusalReply("-ERR Download exceed. msg=10\r\n");
      };
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.told.failures.size() == 1);
      CHECK(house.server.count("RETR 1") == 1);
      const auto sessions = house.server.sessions;
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.server.sessions == sessions);
      house.server.misbehave = nullptr;
      house.now += std::chrono::minutes(5);
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.server.messages.empty());
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
    }
  }
}

TEST_CASE(
    "a message that is refused for an unknown reason is asked for again, and after three runs the user is "
    "told how to leave it") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    house.server.misbehave = [&house](const std::string& command,
                                      std::size_t) -> std::optional<RefusalReply> {
      const auto bad = std::ranges::find(house.server.messages, "uid2", &test::StoredMessage::uidl);
      const auto number = std::to_string(bad - house.server.messages.begin() + 1);
      if (command != "RETR " + number) return std::nullopt;
      return RefusalReply("-ERR the message is damaged\r\n");
    };
    for (int run = 1; run <= 5; ++run) {
      CAPTURE(run);
      CHECK(engine::status_of(house.run()) == 75);
      REQUIRE(house.told.failures.size() == 1);
      CHECK(house.told.failures[0].find("uid2") != std::string::npos);
      CHECK(house.told.failures[0].find("-ERR the message is damaged") != std::string::npos);
      CHECK((house.told.hints[0].find("mark-seen") != std::string::npos) == (run > 3));
    }
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == 2 ? 0 : 1));
    CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
  }
}

TEST_CASE(
    "a server that says of all messages that they are gone is asked for no more, and it is no success") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    for (int n = 1; n <= 10; ++n) house.server.messages.push_back(mail_of(n));
    house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<RefusalReply> {
      if (!command.starts_with("RETR ")) return std::nullopt;
      return RefusalReply("-ERR no such message\r\n");
    };
    CHECK(engine::status_of(house.run()) == 75);
    CHECK(house.told.failures.size() == 1);
    house.server.misbehave = nullptr;
    CHECK(engine::status_of(house.run()) == 0);
    for (int n = 1; n <= 10; ++n) CHECK(house.copies_of(n) == 1);
    CHECK(house.server.messages.size() == setting.left_of(10));
  }
}
