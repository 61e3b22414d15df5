// SPDX-License-Identifier: MIT
// max_size, where the server announces less than it sends.
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace mailhaul;
using test::body_of;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;

namespace {

/// The middle one of three messages is much larger than `announced` and max_size.
struct SizeHousehold : Household {
  std::string kind;
  std::uint64_t announced = 10;
  explicit SizeHousehold(std::string kind_) : kind(std::move(kind_)) {
    account.policy.max_size = 1000;
    server.messages = {
        mail_of(1), {"big", "Subject: big\r\n\r\n" + large_line() + "end of big\r\n"}, mail_of(2)};
    if (kind == "mda") {
      deliver_to_command("cat >> " + (dir / "mda").native());
    } else {
      deliver_to(kind);
    }
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
  long big_ones() const {
    std::string all;
    if (kind == "maildir") {
      for (const auto& one : mail()) all += one;
    } else if (std::filesystem::exists(dir / kind)) {
      all = test::slurp(dir / kind);
    }
    long found = 0;
    for (auto at = all.find("end of big"); at != std::string::npos; at = all.find("end of big", at + 1))
      ++found;
    return found;
  }
  long asked() const {
    return std::ranges::count_if(server.commands, [](const auto& line) { return line.starts_with("RETR"); });
  }
};

}  // namespace

TEST_CASE("a message that turns out larger than max_size is reported once, and received once") {
  for (const std::string kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool leaving : {true, false}) {
        for (const std::uint64_t announced : {std::uint64_t{0}, std::uint64_t{10}, std::uint64_t{999}}) {
          CAPTURE(kind);
          CAPTURE(pipelining);
          CAPTURE(leaving);
          CAPTURE(announced);
          SizeHousehold house(kind);
          house.server.options.pipelining = pipelining;
          house.account.policy.leave_on_server = leaving;
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
          CHECK(house.server.messages.size() == (leaving ? 3 : 0));
        }
      }
    }
  }
}

TEST_CASE("a message larger than max_size is received once although its announced size is never the same") {
  for (const std::string kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool leaving : {true, false}) {
        CAPTURE(kind);
        CAPTURE(pipelining);
        CAPTURE(leaving);
        SizeHousehold house(kind);
        house.server.options.pipelining = pipelining;
        house.account.policy.leave_on_server = leaving;
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
        CHECK(house.server.messages.size() == (leaving ? 3 : 0));
      }
    }
  }
}

TEST_CASE("what came of a message does not count for another message under its UIDL") {
  for (const bool top : {true, false}) {
    CAPTURE(top);
    SizeHousehold house("maildir");
    house.server.options.top = top;
    house.run();
    house.server.messages[0].bytes = mail_of(3).bytes;  // the same UIDL, and small
    house.run();
    CHECK(house.mail().back() == body_of(3));
    // Another large one is received once more, and then remembered instead.
    house.server.messages = {{"big", "Subject: other\r\n\r\n" + SizeHousehold::large_line()}};
    house.account.policy.leave_on_server = true;
    for (const long asked : {1, 0, 0}) {
      house.server.commands.clear();
      CHECK(house.run().totals.fetched == 0);
      CHECK(house.asked() == asked);
    }
  }
}

TEST_CASE("what came of a message is remembered without UIDL, too") {
  SizeHousehold house("maildir");
  house.server.options.uidl = false;
  CHECK(house.run().totals.fetched == 2);
  house.server.commands.clear();
  house.run();
  CHECK(house.asked() == 0);
}

TEST_CASE("what only its content can tell leaves no row at each run when it is too large") {
  SizeHousehold house("maildir");
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
  SizeHousehold house("maildir");
  house.server.options.top = false;
  house.account.policy.leave_on_server = true;
  house.account.policy.max_size = 0;
  house.run();
  house.account.policy.max_size = 1000;
  auto kept = std::exchange(house.server.messages, {});
  house.run();
  house.server.messages = kept;
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.warnings.empty());
  CHECK(house.big_ones() == 1);
}

TEST_CASE("a UIDL that is used again for a message over max_size is still known to be another one's") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  house.run();
  house.account.policy.max_size = 1000;
  house.server.messages[0].bytes = "Subject: big\r\n\r\n" + SizeHousehold::large_line();
  for (int again = 0; again < 2; ++again) CHECK(house.run().totals.fetched == 0);
  house.account.policy.max_size = 0;
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail().size() == 2);
}
