// SPDX-License-Identifier: MIT
// Servers that end a message too early, or send nothing: the part is never taken for the whole message.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::Setting;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

bool listed(const Household& house, const std::string& uidl) {
  return std::ranges::any_of(house.server.messages,
                             [&](const auto& message) { return message.uidl == uidl; });
}

/// Answers RETR of message `number` with `reply`.
test::MemoryServer::Misbehaviour retr_sends(std::size_t number, Reply reply) {
  return [=](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command == "RETR " + std::to_string(number)) return reply;
    return std::nullopt;
  };
}

/// One of three messages is sent with a fault: it stays on the server, and nothing of it is delivered. The
/// two others arrive once, and are removed unless mail is left on the server.
void check_that_it_stays(std::size_t number, const Reply& reply) {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    for (int n = 1; n <= 3; ++n) {
      house.server.messages.push_back(mail_of(n));
      house.server.messages.back().bytes += std::string(1'000, 'x') + "\r\n";
    }
    set_up(house, setting);
    const std::string uidl = house.server.messages[number - 1].uidl;
    house.server.misbehave = [&](const std::string& command, std::size_t nth) -> std::optional<Reply> {
      for (std::size_t i = 0; i < house.server.messages.size(); ++i) {
        if (house.server.messages[i].uidl == uidl) return retr_sends(i + 1, reply)(command, nth);
      }
      return std::nullopt;
    };
    bool named = false;
    for (int run = 1; run <= 4; ++run) {
      house.run();
      for (const auto& failure : house.told.failures)
        named = named || failure.find(uidl) != std::string::npos;
    }
    CHECK(named);
    CHECK(listed(house, uidl));
    CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
    CHECK(house.times("Subject: part") == 0);
    for (int n = 1; n <= 3; ++n) {
      const bool faulty = static_cast<std::size_t>(n) == number;
      CHECK(house.copies_of(n) == (faulty ? 0 : 1));
    }
    // Once the server is fixed, the message arrives.
    house.server.misbehave = {};
    house.now += std::chrono::hours(24 * 8);
    house.run();
    CHECK(house.copies_of(static_cast<int>(number)) == 1);
    CHECK(house.server.messages.size() == (setting.leave ? 3 : 0));
  }
}

const std::string part = "+OK\r\nSubject: part\r\n\r\na\r\n.\r\n";

}  // namespace

TEST_CASE("a server that does not double dots: the first message stays, the others arrive") {
  check_that_it_stays(1, part + "b\r\n.\r\n");
}

TEST_CASE("a server that does not double dots: the one in the middle stays") {
  check_that_it_stays(2, part + "b\r\n.\r\n");
}

TEST_CASE("a server that does not double dots: the last message stays") {
  check_that_it_stays(3, part + "b\r\n.\r\n");
}

TEST_CASE("the rest of the message looks like a header, or is cut before its line's end") {
  check_that_it_stays(1, part + "To: x\r\n\r\nmore\r\n.\r\n");
  check_that_it_stays(3, {part + "b", true});
}

TEST_CASE("a server that sends nothing of a listed message: nothing is no message") {
  for (const std::size_t number : {1U, 2U, 3U}) check_that_it_stays(number, std::string("+OK\r\n.\r\n"));
}

TEST_CASE("a server that sends only line ends, or the header alone, of a message announced larger") {
  check_that_it_stays(1, std::string("+OK\r\n\r\n.\r\n"));
  check_that_it_stays(2, std::string("+OK\r\nSubject: part\r\n\r\n.\r\n"));
  check_that_it_stays(3, std::string("+OK\r\nSubject: part\r\n.\r\n"));
  check_that_it_stays(2, std::string("+OK\r\nSubject: part\r\n\r\n \t\r\n \r\n.\r\n"));
}

namespace {

/// The server ends message 1 at a lone dot, and sends its rest in place of the next answer.
void check_with_late_rest(const Setting& setting, std::size_t messages, const std::string& rest) {
  Household house;
  for (std::size_t n = 1; n <= messages; ++n) {
    house.server.messages.push_back(mail_of(static_cast<int>(n)));
    house.server.messages.back().bytes += std::string(1'000, 'x') + "\r\n";
  }
  set_up(house, setting);
  const std::string uidl = house.server.messages[0].uidl;
  bool rest_is_due = false;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (std::exchange(rest_is_due, false)) return rest;
    rest_is_due = command == "RETR 1" && house.server.messages[0].uidl == uidl;
    return rest_is_due ? std::optional(Reply(part)) : std::nullopt;
  };
  for (int run = 1; run <= 4; ++run) {
    rest_is_due = false;
    house.run();
    CHECK(listed(house, uidl));
    CHECK(house.times("Subject: part") == 0);
  }
}

}  // namespace

TEST_CASE("the rest of a message that comes late, and looks like an answer, does not make its part a whole") {
  for (const auto& setting : settings()) {
    for (const std::size_t messages : {1U, 3U}) {
      for (const std::string rest : {"-ERR b\r\n.\r\n", "+OK\r\n.\r\n", "+OK b\r\n.\r\n", "b\r\n.\r\n",
                                     "-ERR Message 2 expunged\r\n.\r\n", "+OK 12\r\n.\r\n"}) {
        CAPTURE(setting);
        CAPTURE(messages);
        CAPTURE(rest);
        check_with_late_rest(setting, messages, rest);
      }
    }
  }
}

TEST_CASE("a short message whose body or header is missing stays, too") {
  for (const auto& setting : settings()) {
    for (const std::string reply :
         {"+OK\r\nSubject: part\r\n\r\n.\r\n", "+OK\r\nSubject: part\r\n\r\n \r\n.\r\n", "+OK\r\n\r\n.\r\n",
          "+OK\r\n.\r\n"}) {
      CAPTURE(setting);
      CAPTURE(reply);
      Household house;
      house.server.messages = {{"a", "Subject: part\r\n\r\nyes\r\n"}};
      set_up(house, setting);
      house.server.misbehave = retr_sends(1, reply);
      for (int run = 1; run <= 3; ++run) CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.delivered().empty());
      CHECK(listed(house, "a"));
      house.server.misbehave = {};
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.times("yes") == 1);
    }
  }
}

TEST_CASE("nothing is no message where LIST does not tell a size, either") {
  for (const auto& setting : settings()) {
    for (const std::string size : {"1", "1 big"}) {
      CAPTURE(setting);
      CAPTURE(size);
      Household house;
      set_up(house, setting);
      house.server.messages = {mail_of(1)};
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command == "LIST") return Reply("+OK\r\n" + size + "\r\n.\r\n");
        return command == "RETR 1" ? std::optional(Reply("+OK\r\n.\r\n")) : std::nullopt;
      };
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.delivered().empty());
      CHECK(house.server.messages.size() == 1);
      house.server.misbehave = {};
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.copies_of(1) == 1);
      CHECK(house.server.messages.size() == setting.left_of(1));
    }
  }
}

TEST_CASE("a message that has no body, or nothing but an empty line, and is announced so, is delivered") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.server.messages = {{"a", "Subject: no body\r\n\r\n"}, {"b", "\r\n"}, {"c", "Subject: no end\r\n"}};
    const auto outcome = house.run();
    CHECK(engine::status_of(outcome) == 0);
    CHECK(outcome.totals.fetched == 3);
    CHECK(house.run().totals.fetched == 0);
    for (const std::string subject : {"Subject: no body\n", "Subject: no end\n"})
      CHECK(house.times(subject) == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("a known message of which nothing comes is not taken for another one") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    house.server.messages.push_back(mail_of(1));
    house.run();
    house.account.policy.leave_on_server = setting.leave;
    house.server.messages.front().bytes += std::string(100, 'x') + "\r\n";  // so that it is read again
    house.server.misbehave = retr_sends(1, std::string("+OK\r\n.\r\n"));
    house.run();
    CHECK(house.times("Subject: ") == 1);
    CHECK(house.server.messages.size() == 1);
    house.server.misbehave = {};
    for (int run = 1; run <= 2; ++run) CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.times("xx\n") == 1);
    CHECK(house.server.messages.size() == setting.left_of(1));
  }
}

TEST_CASE("a header alone stays although the sizes of this server are known to be wrong") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    const std::string header = "Subject: part\r\nX-Filler: " + std::string(5'000, 'x') + "\r\n\r\n";
    Household house;
    set_up(house, setting);
    bool is_part = true;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      std::vector<std::string> sizes;
      for (const auto& message : house.server.messages)
        sizes.push_back(std::to_string(sizes.size() + 1) + (message.uidl == "part" ? " 5330" : " 7"));
      if (command == "LIST") return test::multi_line(sizes);
      const bool asked = command == "RETR " + std::to_string(sizes.size()) && listed(house, "part");
      return asked && is_part ? std::optional(Reply("+OK\r\n" + header + ".\r\n")) : std::nullopt;
    };
    house.server.messages = {mail_of(1)};
    house.run();
    house.server.messages.push_back({"part", header + std::string(300, 'y') + "\r\n"});
    for (int run = 1; run <= 3; ++run) {
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.times("Subject: part") == 0);
    }
    is_part = false;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.times("yyy\n") == 1);
  }
}

namespace {

/// Sets up a server whose sizes are known to be wrong by `wrong_by`, and adds a message. While `is_part` is
/// true, only the header of that message is sent.
void serve_wrong_sizes(Household& house, const bool& is_part, int wrong_by,
                       const test::StoredMessage& message) {
  house.server.misbehave = [&house, &is_part, wrong_by](const std::string& command,
                                                        std::size_t) -> std::optional<Reply> {
    const auto& messages = house.server.messages;
    std::vector<std::string> sizes;
    for (const auto& one : messages)
      sizes.push_back(std::to_string(sizes.size() + 1) + ' ' +
                      std::to_string(static_cast<int>(one.bytes.size()) + wrong_by));
    if (command == "LIST") return test::multi_line(sizes);
    const bool asked = listed(house, "part") && command == "RETR " + std::to_string(sizes.size());
    if (!asked || !is_part) return std::nullopt;
    return Reply("+OK\r\n" + test::stuffed(test::header_of(messages.back().bytes)));
  };
  house.server.messages = {mail_of(1)};
  house.run();
  house.server.messages.push_back(message);
}

}  // namespace

TEST_CASE("a short message of which only the header comes stays, whatever the server's sizes are") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    bool is_part = true;
    serve_wrong_sizes(house, is_part, 5, {"part", "Subject: part\r\n\r\nthe code is 1234\r\n"});
    for (int run = 1; run <= 3; ++run) CHECK(engine::status_of(house.run()) == 75);
    CHECK(house.times("Subject: part") == 0);
    CHECK(listed(house, "part"));
    is_part = false;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.times("the code is 1234\n") == 1);
    CHECK(listed(house, "part") == setting.leave);
  }
}

TEST_CASE("one size that is far off excuses no missing body") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    bool is_part = true;
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      std::vector<std::string> sizes;
      for (const auto& one : house.server.messages)
        sizes.push_back(std::to_string(sizes.size() + 1) + ' ' +
                        std::to_string(one.bytes.size() + (one.uidl == "far" ? 30'000 : 0)));
      if (command == "LIST") return test::multi_line(sizes);
      const bool asked = listed(house, "part") && command == "RETR " + std::to_string(sizes.size());
      if (!asked || !is_part) return std::nullopt;
      return Reply("+OK\r\n" + test::stuffed(test::header_of(house.server.messages.back().bytes)));
    };
    house.server.messages = {mail_of(1), mail_of(2), {"far", "Subject: far\r\n\r\nbody\r\n"}};
    for (int run = 1; run <= 2; ++run) house.run();
    house.server.messages.push_back({"part", "Subject: part\r\n\r\n" + std::string(25'000, 'y') + "\r\n"});
    for (int run = 1; run <= 12; ++run) CHECK(engine::status_of(house.run()) == 75);
    CHECK(house.times("Subject: part") == 0);
    is_part = false;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.times("yyy\n") == 1);
  }
}

TEST_CASE("a header alone in many runs stays where more is missing than of others, or sizes are too small") {
  for (const auto& setting : settings()) {
    for (const int wrong_by : {-5, 5}) {
      CAPTURE(setting);
      CAPTURE(wrong_by);
      Household house;
      set_up(house, setting);
      bool is_part = true;
      serve_wrong_sizes(house, is_part, wrong_by,
                        {"part", "Subject: part\r\n\r\n" + std::string(100, 'y') + "\r\n"});
      for (int run = 1; run <= 12; ++run) CHECK(engine::status_of(house.run()) == 75);
      CHECK(house.times("Subject: part") == 0);
      CHECK(listed(house, "part"));
      is_part = false;
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.times("yyy\n") == 1);
      CHECK(listed(house, "part") == setting.leave);
    }
  }
}

TEST_CASE("a message that has only a header arrives in the end where the server's sizes are wrong") {
  for (const auto& setting : settings()) {
    for (const int wrong_by : {30, 300}) {
      CAPTURE(setting);
      CAPTURE(wrong_by);
      Household house;
      set_up(house, setting);
      const bool is_part = false;
      serve_wrong_sizes(house, is_part, wrong_by, {"part", "Subject: part\r\n\r\n"});
      CHECK(engine::status_of(house.run()) == 75);
      CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.times("Subject: part") == 1);
      CHECK(listed(house, "part") == setting.leave);
      for (auto& message : house.server.messages) message.bytes += "\r\n";  // so that they are read again
      for (int run = 1; run <= 2; ++run) CHECK(engine::status_of(house.run()) == 0);
      CHECK(house.times("Subject: part") == 1);
    }
  }
}

TEST_CASE("where LIST does not tell the size, a message that ends at a lone dot before a hang-up stays") {
  for (const auto& setting : settings()) {
    for (const std::string size : {"1", "1 3"}) {
      for (const bool at_proof : {true, false}) {
        CAPTURE(setting);
        CAPTURE(size);
        CAPTURE(at_proof);
        Household house;
        set_up(house, setting);
        house.server.messages = {{"a", "Subject: whole\r\n\r\na\r\n.\r\nthe rest\r\n"}};
        bool is_cut = true, ended = false;
        house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
          if (command == "LIST") return Reply("+OK\r\n" + size + "\r\n.\r\n");
          if (is_cut && ended && std::exchange(ended, false)) return Reply("", true);
          if (command != "RETR 1" || !is_cut) return std::nullopt;
          ended = at_proof;
          return Reply("+OK\r\nSubject: whole\r\n\r\na\r\n.\r\n", !at_proof);
        };
        for (int run = 1; run <= 3; ++run) {
          house.run();
          CHECK(house.delivered().empty());
          CHECK(listed(house, "a"));
        }
        is_cut = false;
        CHECK(engine::status_of(house.run()) == 0);
        CHECK(house.times("the rest") == 1);
      }
    }
  }
}
