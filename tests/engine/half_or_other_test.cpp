// SPDX-License-Identifier: MIT
// Messages under a known UIDL, or shorter than announced, at servers that give a reason to believe them: they
// may still be a part, or another message.
#include <doctest/doctest.h>

#include "engine/unproven.h"
#include "grid.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::Household;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

test::StoredMessage letter(const std::string& uidl, const std::string& body) {
  return {uidl, "From: a@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: letter\r\n\r\n" + body};
}

test::StoredMessage long_letter(int n, std::size_t lines) {
  auto mail = test::mail_of(n);
  for (std::size_t i = 0; i < lines; ++i) mail.bytes += "line " + std::to_string(i) + " of the letter\r\n";
  return mail;
}

}  // namespace

TEST_CASE("sizes that are announced wrong by a little do not excuse half a message") {
  const auto covers = [](const std::vector<std::pair<int, int>>& seen, int octets, int announced) {
    engine::SizeHabit habit;
    for (const auto& [had, said] : seen)
      habit.add(static_cast<std::uint64_t>(had), static_cast<std::uint64_t>(said));
    return habit.covers(static_cast<std::uint64_t>(octets), static_cast<std::uint64_t>(announced));
  };
  const std::vector<std::pair<int, int>> by_seven{{993, 1000}, {1993, 2000}, {2993, 3000}};
  CHECK(covers(by_seven, 3393, 3400));
  CHECK(covers(by_seven, 3386, 3400));
  CHECK_FALSE(covers(by_seven, 1700, 3400));
  CHECK(covers(by_seven, 99'300, 100'000));  // the gap is believed in proportion
  CHECK_FALSE(covers({{993, 1000}, {1993, 2000}}, 3393, 3400));
  CHECK_FALSE(covers({}, 0, 0));
  CHECK(covers({{1030, 1000}, {2060, 2000}, {3090, 3000}}, 10'300, 10'000));  // the server counts CRLF as one
  CHECK_FALSE(covers({{0, 0}, {5, 5}, {7, 7}}, 10, 30));
  // Half a message is not excused by a wide gap in a very large one, or a steep gap in a very small one.
  CHECK_FALSE(covers({{987'000, 1'000'000}, {1974, 2000}, {2961, 3000}}, 1700, 3400));
  CHECK(covers({{987'000, 1'000'000}, {1974, 2000}, {2961, 3000}}, 3356, 3400));
  CHECK_FALSE(covers({{13, 20}, {1993, 2000}, {2993, 3000}}, 1700, 3400));
}

TEST_CASE("half a message that comes once is not taken for whole, where all sizes are announced wrong") {
  for (const std::size_t wrong_by : {1U, 7U}) {
    for (const auto& setting : settings()) {
      CAPTURE(wrong_by);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 5; ++n) house.server.messages.push_back(long_letter(n, 20));
      const auto whole = long_letter(6, 150);
      house.server.messages.push_back(whole);
      int asked = 0;
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        std::vector<std::string> sizes;
        for (const auto& one : house.server.messages)
          sizes.push_back(std::to_string(sizes.size() + 1) + ' ' +
                          std::to_string(one.bytes.size() + wrong_by));
        if (command == "LIST") return test::multi_line(sizes);
        if (command != "RETR 6" || ++asked > 1) return std::nullopt;
        return Reply("+OK\r\n" + test::stuffed(whole.bytes.substr(0, whole.bytes.rfind("line 70 "))));
      };
      house.run();
      CHECK(house.times("line 30 of the letter") == house.times("line 149 of the letter"));
      house.run();
      house.run();
      CHECK(house.times("line 149 of the letter") == 1);
      CHECK(house.times("line 69 of the letter") == 1);
      CHECK(house.server.messages.size() == setting.left_of(6));
    }
  }
}

TEST_CASE("another message with the same UIDL, header and Message-ID is new, and not removed unread") {
  for (const std::size_t longer : {0U, 34U}) {
    for (const auto& setting : settings()) {
      CAPTURE(longer);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      house.server.messages = {letter("1", "to you\r\n"),
                               letter("2", "to the list" + std::string(longer, '.') + "\r\n")};
      house.account.policy.leave_on_server = true;
      house.account.policy.max_messages = 1;
      house.run();
      house.server.messages.erase(house.server.messages.begin());  // another program removed it
      house.server.messages.front().uidl = "1";
      house.account.policy.leave_on_server = setting.leave;
      house.run();
      house.run();
      CHECK(house.times("to you") == 1);
      CHECK(house.times("to the list") == 1);
      CHECK(house.server.messages.size() == setting.left_of(1));
    }
  }
}

TEST_CASE("with EXPIRE 0 the UIDL of what was retrieved may be another message's in the next session") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    house.server.options.more_capabilities = {"EXPIRE 0"};
    house.server.messages = {test::mail_of(1)};
    house.run();
    CHECK(std::ranges::any_of(house.told.warnings,
                              [](const auto& words) { return words.find("EXPIRE 0") != words.npos; }));
    house.server.messages = {test::mail_of(2)};  // another message of the same size
    house.server.messages.front().uidl = test::mail_of(1).uidl;
    house.run();
    house.run();
    CHECK(house.times("Subject: ") == 2);
  }
}

TEST_CASE("a line of another answer is not taken for the beginning of a message, whatever the sizes are") {
  for (const std::string line : {"+OK\r\n", "+OK 197 octets\r\n"}) {
    for (const auto& setting : settings()) {
      CAPTURE(line);
      CAPTURE(setting);
      Household house;
      set_up(house, setting);
      for (int n = 1; n <= 4; ++n) house.server.messages.push_back(long_letter(n, 5));
      bool is_due = true;  // one answer too many is sent, once
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        const auto& messages = house.server.messages;
        std::vector<std::string> sizes;
        for (const auto& one : messages)
          sizes.push_back(std::to_string(sizes.size() + 1) + ' ' + std::to_string(one.bytes.size() + 7));
        if (command == "LIST") return test::multi_line(sizes);
        if (command != "RETR 2" || !std::exchange(is_due, false)) return std::nullopt;
        return Reply("+OK\r\n" + test::stuffed(messages[1].bytes) + line);
      };
      for (int run = 1; run <= 3; ++run) house.run();
      CHECK(house.times("+OK") == 0);
      for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(4));
    }
  }
}
