// SPDX-License-Identifier: MIT
// A message that breaks every session is named, and does not hold up the others.
#include <doctest/doctest.h>

#include <filesystem>
#include <mutex>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::Setting;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

struct Breaking {
  std::string about, verb;
  Reply reply;
};

const std::vector<Breaking> breaking{
    {"silence instead of an answer", "RETR ", {"", false}},
    {"a hang-up instead of an answer", "RETR ", {"", true}},
    {"silence inside the body", "RETR ", {"+OK\r\nSubject: broken\r\n\r\nbo", false}},
    {"a hang-up inside the body", "RETR ", {"+OK\r\nSubject: broken\r\n\r\nbo", true}},
    {"a last line that never ends", "RETR ", {"+OK\r\nSubject: broken\r\n\r\nbo\r\n.\r", false}},
    {"no proper answer", "RETR ", {"hello\r\n", true}},
};

std::size_t place_of(const Household& house, const std::string& uidl) {
  for (std::size_t i = 0; i < house.server.messages.size(); ++i) {
    if (house.server.messages[i].uidl == uidl) return i + 1;
  }
  return 0;
}

/// Makes the server answer the command for the message with this UIDL in this way; after that answer, the
/// session is silent.
void break_message(Household& house, const std::string& uidl, const Breaking& how) {
  std::size_t broken_session = 0;
  house.server.misbehave = [&house, uidl, how, broken_session](const std::string& command,
                                                               std::size_t) mutable -> std::optional<Reply> {
    if (broken_session == house.server.sessions) return Reply{""};
    const auto place = place_of(house, uidl);
    if (place == 0 || !command.starts_with(how.verb + std::to_string(place))) return std::nullopt;
    broken_session = house.server.sessions;
    return how.reply;
  };
}

bool named_in(const std::vector<std::string>& sentences, const std::string& uidl) {
  return std::ranges::any_of(
      sentences, [&](const std::string& sentence) { return sentence.find(uidl) != std::string::npos; });
}

/// One of three messages breaks every session: the others must arrive and be removed.
void check_that_the_others_arrive(const Setting& setting, const Breaking& how, int bad) {
  CAPTURE(how.about);
  CAPTURE(setting);
  CAPTURE(bad);
  Household house;
  set_up(house, setting);
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  const std::string uidl = "uid" + std::to_string(bad);
  break_message(house, uidl, how);
  bool named = false, innocent_named = false;
  for (int run = 1; run <= 4; ++run) {
    house.run();
    for (int n = 1; n <= 3; ++n) {
      const bool found = named_in(house.told.failures, "uid" + std::to_string(n));
      (n == bad ? named : innocent_named) = (n == bad ? named : innocent_named) || found;
    }
  }
  for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == bad ? 0 : 1));
  CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
  CHECK(named);
  // A line that is no proper answer may also be the rest of the message before.
  if (how.about != "no proper answer") CHECK_FALSE(innocent_named);
  house.server.misbehave = {};
  house.run();
  house.run();
  for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
  CHECK(house.server.messages.size() == setting.left_of(3));
}

}  // namespace

TEST_CASE("one message that breaks every session: the others arrive and are removed") {
  for (const auto& how : breaking) {
    for (const auto& setting : settings()) {
      for (const int bad : {1, 2, 3}) check_that_the_others_arrive(setting, how, bad);
    }
  }
}

TEST_CASE("a message whose removal breaks every session does not keep the others on the server") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool hangs_up : {true, false}) {
        for (const int bad : {1, 2, 3}) {
          CAPTURE(kind);
          CAPTURE(pipelining);
          CAPTURE(hangs_up);
          CAPTURE(bad);
          Household house;
          house.deliver_as(kind);
          house.server.options.pipelining = pipelining;
          for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
          const std::string uidl = "uid" + std::to_string(bad);
          break_message(house, uidl, {"", "DELE ", {"", hangs_up}});
          bool named = false, innocent_named = false;
          for (int run = 1; run <= 3; ++run) {
            house.run();
            for (int n = 1; n <= 3; ++n) {
              const bool found = named_in(house.told.failures, "message uid" + std::to_string(n));
              (n == bad ? named : innocent_named) = (n == bad ? named : innocent_named) || found;
            }
          }
          CHECK(house.server.messages.size() == 1);
          CHECK(place_of(house, uidl) == 1);
          CHECK(named);
          CHECK_FALSE(innocent_named);
          house.server.misbehave = {};
          CHECK(engine::status_of(house.run()) == 0);
          CHECK(house.server.messages.empty());
          for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
        }
      }
    }
  }
}

TEST_CASE("a message whose removal breaks every session comes last under a new UIDL or size, too") {
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool new_size : {false, true}) {
        CAPTURE(kind);
        CAPTURE(pipelining);
        CAPTURE(new_size);
        Household house;
        house.deliver_as(kind);
        house.server.options.pipelining = pipelining;
        house.account.policy.leave_on_server = true;
        for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
        house.run();
        for (auto& message : house.server.messages) {
          if (new_size) message.bytes += "\r\n";
          if (!new_size) message.uidl = "new-" + message.uidl;
        }
        house.account.policy.leave_on_server = false;
        const std::string uidl = new_size ? "uid2" : "new-uid2";
        break_message(house, uidl, {"", "DELE ", {"", true}});
        for (int run = 1; run <= 3; ++run) house.run();
        CHECK(house.server.messages.size() == 1);
        CHECK(place_of(house, uidl) == 1);
        house.server.misbehave = {};
        house.run();
        CHECK(house.server.messages.empty());
        for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      }
    }
  }
}

TEST_CASE(
    "without UIDL a message whose header or body breaks every session does not keep the others from "
    "arriving") {
  struct Case {
    bool top;
    std::string verb;
  };
  for (const auto& one : {Case{true, "TOP "}, Case{true, "RETR "}, Case{false, "RETR "}}) {
    for (const auto& setting : settings()) {
      for (const int bad : {1, 2, 3}) {
        if (bad != 1 && setting.kind != "maildir") continue;  // its position is tested with one kind only
        CAPTURE(one.top);
        CAPTURE(one.verb);
        CAPTURE(setting);
        CAPTURE(bad);
        Household house;
        set_up(house, setting);
        house.server.options.uidl = false;
        house.server.options.top = one.top;
        for (int n = 1; n <= 3; ++n) {
          house.server.messages.push_back(mail_of(n));
          house.server.messages.back().bytes += std::string(static_cast<std::size_t>(n), 'x') + "\r\n";
        }
        const std::string uidl = "uid" + std::to_string(bad);
        break_message(house, uidl, {"", one.verb, {"", true}});
        for (int run = 1; run <= 4; ++run) house.run();
        // Where only TOP breaks the session, the message arrives, too.
        const bool arrives = one.verb == "TOP ";
        for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n != bad || arrives ? 1 : 0));
        CHECK(house.server.messages.size() == (setting.leave ? 3 : arrives ? 0 : 1));
        house.server.misbehave = {};
        for (int run = 1; run <= 3; ++run) house.run();
        for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
        CHECK(house.server.messages.size() == setting.left_of(3));
      }
    }
  }
}

TEST_CASE("a server that breaks off at CAPA after the login, or answers nonsense, is asked without it") {
  const std::vector<Reply> replies{Reply{"", true},   Reply{"", false}, Reply{"what is CAPA?\r\n"},
                                   Reply{"CAPA\r\n"}, Reply{".\r\n"},   Reply{"what is CAPA?\r\n", true}};
  for (const auto& reply : replies) {
    for (const auto& setting : settings()) {
      CAPTURE(reply.bytes);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      house.server.misbehave = [&, silent_session = std::size_t{0}](
                                   const std::string& command, std::size_t) mutable -> std::optional<Reply> {
        if (command == "CAPA") return silent_session = house.server.sessions, reply;
        if (silent_session != house.server.sessions || !reply.bytes.empty()) return std::nullopt;
        return reply;
      };
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.server.sessions == 2);
      REQUIRE(house.told.warnings.size() == 1);
      CHECK(house.told.warnings[0].find("CAPA does not work after the login") != std::string::npos);
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.told.warnings.size() == 1);  // which -q does not print again
      CHECK(house.told.warnings[0].starts_with("(again) CAPA does not work after"));
    }
  }
}

TEST_CASE("a server that was logged in to without CAPA is told of, once with -q") {
  Household house;
  house.environment.connect = [&](const auto&, const auto&, const auto&) {
    return net::LoggedIn{.stream = house.server.open(), .login_method = "plain", .answers_capa = false};
  };
  house.server.messages = {mail_of(1)};
  const std::string sentence = "CAPA did not work before the login, so mailhaul logged in without it";
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.warnings == std::vector<std::string>{sentence});
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.warnings == std::vector<std::string>{"(again) " + sentence});
  CHECK(house.copies_of(1) == 1);
  CHECK(house.server.count("CAPA") == 0);
}

TEST_CASE("two messages that break their sessions do not keep a third one, cut once, from arriving") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    bool cut = false;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      const auto is = [&](const std::string& uidl) {
        const auto place = place_of(house, uidl);
        return place != 0 && command == "RETR " + std::to_string(place);
      };
      if (is("uid1") || is("uid2")) return Reply{"+OK\r\n", true};
      if (is("uid3") && !std::exchange(cut, true)) return Reply{"+OK\r\nSubj", true};
      return std::nullopt;
    };
    for (int run = 1; run <= 8; ++run) house.run();
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == 3 ? 1 : 0));
    CHECK((place_of(house, "uid3") != 0) == setting.leave);
    CHECK(house.server.messages.size() == (setting.leave ? 3 : 2));
  }
}

TEST_CASE("a message that hangs in every session does not keep another one, cut once, from arriving") {
  for (const auto& setting : settings()) {
    for (const bool hangs_up : {true, false}) {
      CAPTURE(setting);
      CAPTURE(hangs_up);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 2; ++n) house.server.messages.push_back(mail_of(n));
      bool cut = false;
      std::size_t silent_session = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (silent_session == house.server.sessions) return Reply("");
        const auto is = [&](const std::string& uidl) {
          const auto place = place_of(house, uidl);
          return place != 0 && command == "RETR " + std::to_string(place);
        };
        if (is("uid2") && !std::exchange(cut, true)) return Reply{"+OK\r\nSubj", true};
        if (!is("uid1")) return std::nullopt;
        silent_session = house.server.sessions;
        return Reply{"", hangs_up};
      };
      for (int run = 1; run <= 5; ++run) house.run();
      CHECK(house.copies_of(1) == 0);
      CHECK(house.copies_of(2) == 1);
      CHECK(house.server.messages.size() == (setting.leave ? 2 : 1));
      house.server.misbehave = {};
      for (int run = 1; run <= 2; ++run) house.run();
      for (int n = 1; n <= 2; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(2));
    }
  }
}

TEST_CASE("a delivered message whose TOP breaks every session is read whole instead, and removed") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
    house.run();
    if (setting.leave) {
      house.account.policy.delete_after = std::chrono::seconds(1);
      house.now += std::chrono::hours(2);
      house.run();  // marks them as due
      house.now += std::chrono::hours(2);
    } else {
      house.account.policy.leave_on_server = false;
    }
    break_message(house, "uid1", {"", "TOP ", {"", true}});
    for (int run = 1; run <= 2; ++run) house.run();
    CHECK(house.server.messages.empty());
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
  }
}

TEST_CASE("a message imported as delivered whose header breaks every session does not hold up the others") {
  for (const auto& setting : settings()) {
    if (setting.leave) continue;  // here delete_after removes
    for (const int bad : {1, 2, 3}) {
      CAPTURE(setting);
      CAPTURE(bad);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
      const std::string uidl = "uid" + std::to_string(bad);
      house.account.policy.leave_on_server = true;
      house.account.policy.delete_after = std::chrono::hours(1);
      {
        std::mutex writes;
        state::Store store(house.environment.state_file, writes);
        const auto mailbox = store.mailbox("anna", "pop.example.org", 0);
        store.commit(mailbox, {.rows = {{.id = store.next_row(mailbox),
                                         .standing = state::Standing::delivered,
                                         .uidl = uidl,
                                         .delivered = house.now}}});
      }
      break_message(house, uidl, {"", "TOP ", {""}});
      bool named = false;
      for (int run = 1; run <= 6; ++run) {
        house.run();
        named = named || named_in(house.told.failures, uidl);
        house.now += std::chrono::hours(2);
      }
      CHECK(named);
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == (n == bad ? 0 : 1));
      CHECK(house.server.messages.size() == 1);
      CHECK(place_of(house, uidl) == 1);
    }
  }
}

TEST_CASE("a session that breaks before anything is known does not hide that a database was lost") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.options.uidl = false;
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  CHECK(house.run().totals.fetched == 3);
  std::filesystem::remove_all(house.environment.state_file.parent_path());
  for (const auto* command : {"TOP 1 0", "TOP 2 0"}) {
    house.server.misbehave = [command](const std::string& given, std::size_t) -> std::optional<Reply> {
      return given == command ? std::optional(Reply("", true)) : std::nullopt;
    };
    house.run();
  }
  house.server.misbehave = {};
  CHECK(engine::status_of(house.run()) == 74);
  REQUIRE(house.told.failures.size() == 1);
  CHECK(house.told.failures[0].find("nothing is recorded about this mailbox") != std::string::npos);
  CHECK(house.mail().size() == 3);
}
