// SPDX-License-Identifier: MIT
// max_size, where the server announces less than it sends.
#include <doctest/doctest.h>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

/// The middle one of three messages is much larger than `announced` and max_size.
struct SizeHousehold : Household {
  std::uint64_t announced = 10;
  explicit SizeHousehold(const test::Setting& setting) {
    set_up(*this, setting);
    account.policy.max_size = 1000;
    server.messages = {
        mail_of(1), {"big", "Subject: big\r\n\r\n" + large_line() + "end of big\r\n"}, mail_of(2)};
    server.misbehave = [this](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command != "LIST") return std::nullopt;
      std::vector<std::string> lines;
      for (const auto& message : server.messages) {
        const auto bytes = message.bytes.size() > 1000 ? announced : message.bytes.size();
        lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(bytes));
      }
      return test::multi_line(lines);
    };
  }
  static std::string large_line() { return std::string(5000, 'x') + "\r\n"; }
  std::size_t big_ones() const { return times("end of big"); }
  long asked() const { return server.count_of("RETR"); }
};

}  // namespace

TEST_CASE("a message that turns out larger than max_size is reported once, and received once") {
  for (const auto& setting : settings()) {
    for (const std::uint64_t announced : {std::uint64_t{0}, std::uint64_t{10}, std::uint64_t{999}}) {
      CAPTURE(setting);
      CAPTURE(announced);
      SizeHousehold house(setting);
      house.announced = announced;
      const auto first = house.run();
      CHECK(engine::status_of(first) == 0);
      CHECK(first.totals.fetched == 2);
      REQUIRE(house.told.warnings.size() == 1);
      CHECK(house.told.warnings[0].find("message big stays on the server") == 0);
      for (int again = 0; again < 2; ++again) {
        house.server.commands.clear();
        CHECK(engine::status_of(house.run()) == 0);
        CHECK(house.asked() == 0);
        REQUIRE(house.told.warnings.size() == 1);
        CHECK(house.told.warnings[0].starts_with("(again) message big"));
        CHECK(house.told.failures.empty());
      }
      CHECK(house.big_ones() == 0);
      house.account.policy.max_size = 100'000;
      CHECK(house.run().totals.fetched == 1);
      house.run();
      CHECK(house.big_ones() == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
    }
  }
}

TEST_CASE("a message larger than max_size is received once although its announced size is never the same") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    SizeHousehold house(setting);
    house.run();
    for (const std::uint64_t announced : {20U, 900U, 5U, 20U}) {
      CAPTURE(announced);
      house.announced = announced;
      house.server.commands.clear();
      const auto outcome = house.run();
      CHECK(engine::status_of(outcome) == 0);
      CHECK(house.asked() == 0);
      CHECK(outcome.totals.waiting == 1);
      CHECK(outcome.totals.too_large == 1);
      REQUIRE(house.told.warnings.size() == 1);
      CHECK(house.told.warnings[0].starts_with("(again) message big"));
    }
    CHECK(house.big_ones() == 0);
    house.account.policy.max_size = 100'000;
    house.announced = 30;
    CHECK(house.run().totals.fetched == 1);
    house.run();
    CHECK(house.big_ones() == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("without UIDL a large message is known under any announced size if its header is its own") {
  for (const auto& setting : settings()) {
    for (const bool has_id : {true, false}) {
      CAPTURE(setting);
      CAPTURE(has_id);
      SizeHousehold house(setting);
      house.server.options.uidl = false;
      if (has_id) house.server.messages[1].bytes.insert(0, "Message-ID: <big@example.org>\r\n");
      house.run();
      CHECK(house.asked() == 3);
      for (const std::uint64_t announced : {20U, 900U, 5U, 20U}) {
        CAPTURE(announced);
        house.announced = announced;
        house.server.commands.clear();
        const auto outcome = house.run();
        CHECK(engine::status_of(outcome) == 0);
        if (!has_id) continue;  // read again, as another message may have its header
        CHECK(house.asked() == 0);
        CHECK(outcome.totals.too_large == 1);
        REQUIRE(house.told.warnings.size() == 1);
        CHECK(house.told.warnings[0].starts_with("(again) message sha256:"));
      }
      // A small message with the same header, such as a mailing list's copy without the attachment, arrives.
      const auto& big = *std::ranges::find(house.server.messages, "big", &test::StoredMessage::uidl);
      const std::string header(test::header_of(big.bytes));
      house.server.messages.push_back({"uid3", header + "body 3\r\n"});
      house.announced = 40;
      CHECK(house.run().totals.fetched == 1);
      CHECK(house.copies_of(3) == 1);
      CHECK(house.big_ones() == 0);
      house.account.policy.max_size = 100'000;
      house.announced = 30;
      CHECK(house.run().totals.fetched == 1);
      house.run();
      CHECK(house.big_ones() == 1);
      CHECK(house.server.messages.size() == setting.left_of(4));
    }
  }
}

TEST_CASE("what came of a message does not count for another message under its UIDL") {
  for (const auto& setting : settings()) {
    for (const bool top : {true, false}) {
      CAPTURE(setting);
      CAPTURE(top);
      SizeHousehold house(setting);
      house.server.options.top = top;
      house.run();
      const auto big = std::ranges::find(house.server.messages, "big", &test::StoredMessage::uidl);
      REQUIRE(big != house.server.messages.end());
      big->bytes = mail_of(3).bytes;  // a small message under the same UIDL
      house.run();
      for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
      CHECK(house.server.messages.size() == setting.left_of(3));
      // Another large message under that UIDL is received once, and then remembered instead.
      house.server.messages = {{"big", "Subject: other\r\n\r\n" + SizeHousehold::large_line()}};
      for (const long asked : {1, 0, 0}) {
        house.server.commands.clear();
        CHECK(house.run().totals.fetched == 0);
        CHECK(house.asked() == asked);
        CHECK(house.server.messages.size() == 1);
      }
    }
  }
}

TEST_CASE("what came of a message is remembered without UIDL, too") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    SizeHousehold house(setting);
    house.server.options.uidl = false;
    CHECK(house.run().totals.fetched == 2);
    house.server.commands.clear();
    house.run();
    CHECK(house.asked() == 0);
    CHECK(house.server.messages.size() == (setting.leave ? 3 : 1));
  }
}

TEST_CASE("what only its content can tell leaves no row at each run when it is too large") {
  SizeHousehold house({.kind = "maildir", .pipelining = true, .leave = false});
  house.server.options.uidl = house.server.options.top = false;
  for (const std::uint64_t announced : {10U, 5000U}) {
    house.announced = announced;
    house.run();
    const auto before = test::slurp(house.environment.state_file);
    house.run();
    CHECK(test::slurp(house.environment.state_file) == before);
  }
}

TEST_CASE("a delivered message is recognised although it is larger than max_size") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    SizeHousehold house(setting);
    house.server.options.top = false;
    house.account.policy.leave_on_server = true;
    house.account.policy.max_size = 0;
    house.run();
    house.account.policy.leave_on_server = setting.leave;
    house.account.policy.max_size = 1000;
    auto kept = std::exchange(house.server.messages, {});
    house.run();
    house.server.messages = kept;
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.told.warnings.empty());
    CHECK(house.big_ones() == 1);
    CHECK(house.server.messages.size() == setting.left_of(3));
  }
}

TEST_CASE("a UIDL that is used again for a message over max_size is still known to be another one's") {
  for (const auto& setting : settings()) {
    CAPTURE(setting);
    Household house;
    set_up(house, setting);
    house.account.policy.leave_on_server = true;
    house.server.messages = {mail_of(1)};
    house.run();
    house.account.policy.leave_on_server = setting.leave;
    house.account.policy.max_size = 1000;
    house.server.messages[0].bytes = "Subject: big\r\n\r\n" + SizeHousehold::large_line();
    for (int again = 0; again < 2; ++again) CHECK(house.run().totals.fetched == 0);
    CHECK(house.server.messages.size() == 1);
    house.account.policy.max_size = 0;
    CHECK(house.run().totals.fetched == 1);
    CHECK(house.times("Subject: ") == 2);
    CHECK(house.server.messages.size() == setting.left_of(1));
  }
}
