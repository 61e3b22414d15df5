// SPDX-License-Identifier: MIT
// A UIDL that is listed again after an absence may belong to another message, which is checked once.
#include <doctest/doctest.h>

#include <iterator>

#include "engine/mark.h"
#include "fixture.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::Household;
using test::mail_of;
using test::StoredMessage;
using Messages = std::vector<StoredMessage>;

namespace {

/// One way to fetch and to deliver.
struct Way {
  std::string kind;
  bool pipelining = true, top = true;
};

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const std::string kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool top : {true, false}) ways.push_back({kind, pipelining, top});
    }
  }
  return ways;
}

/// A household whose mail stays on the server.
struct AbsentHousehold : Household {
  Way way;
  explicit AbsentHousehold(Way way_, Messages messages) : way(std::move(way_)) {
    server.options.pipelining = way.pipelining;
    server.options.top = way.top;
    server.messages = std::move(messages);
    account.policy.leave_on_server = true;
    deliver_as(way.kind);
  }
  void run_with(Messages messages) {
    server.messages = std::move(messages);
    CHECK(engine::status_of(run()) == 0);
  }
};

StoredMessage named(const std::string& uidl, int n) { return {uidl, mail_of(n).bytes}; }

StoredMessage longer(const std::string& uidl, int n) { return {uidl, mail_of(n).bytes + "and more\r\n"}; }

}  // namespace

TEST_CASE("a message of a UIDL that was absent is compared, and is new mail if it is another one") {
  struct Change {
    std::string what;
    Messages before, after;
  };
  const std::vector<Change> changes{
      {"same size", {named("A", 1), named("B", 2)}, {named("A", 3), named("B", 2)}},
      {"other size", {named("A", 1), named("B", 2)}, {longer("A", 3), named("B", 2)}},
      {"UIDLs swapped, and one more",
       {named("A", 1), named("B", 2)},
       {named("A", 2), named("B", 1), named("C", 3)}},
      {"moved on by one", {named("A", 1), named("B", 2)}, {named("A", 2), named("B", 3)}},
      {"the old one under a new UIDL", {named("A", 1), named("B", 2)}, {named("A", 3), named("C", 1)}},
  };
  for (const auto& way : all_ways()) {
    for (const auto& change : changes) {
      for (const bool leaving : {true, false}) {
        CAPTURE(way.kind);
        CAPTURE(way.pipelining);
        CAPTURE(way.top);
        CAPTURE(change.what);
        CAPTURE(leaving);
        AbsentHousehold house(way, change.before);
        house.run();
        house.run_with({});
        house.account.policy.leave_on_server = leaving;
        for (int run = 0; run < 2; ++run) {
          house.run_with(leaving || run == 0 ? change.after : Messages());
          for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
        }
        if (!leaving) continue;
        house.server.commands.clear();
        house.run_with(change.after);
        CHECK(house.server.count_of("TOP") == 0);
        CHECK(house.server.count_of("RETR") == 0);
      }
    }
  }
}

TEST_CASE("a message that was absent and is the same is not delivered again, and is looked at once") {
  for (const auto& way : all_ways()) {
    CAPTURE(way.kind);
    CAPTURE(way.pipelining);
    CAPTURE(way.top);
    Messages messages{named("A", 1), named("B", 2), named("C", 3)};
    messages[0].bytes = "Message-ID: <1@x>\r\n" + messages[0].bytes;  // so that its header is enough
    AbsentHousehold house(way, messages);
    house.run();
    house.run_with({named("B", 2)});
    house.server.commands.clear();
    house.run_with(messages);
    CHECK(house.server.count_of("TOP") == (way.top ? 2 : 0));
    CHECK(house.server.count_of("RETR") == (way.top ? 1 : 2));
    house.server.commands.clear();
    house.run_with(messages);
    CHECK(house.server.count_of("TOP") + house.server.count_of("RETR") == 0);
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
  }
}

TEST_CASE("a message that was absent and is the same is removed once it may be") {
  for (const auto& way : all_ways()) {
    CAPTURE(way.kind);
    CAPTURE(way.top);
    AbsentHousehold house(way, {named("A", 1), named("B", 2)});
    house.run();
    house.run_with({});
    house.account.policy.leave_on_server = false;
    house.run_with({named("A", 1), named("B", 3)});
    CHECK(house.server.messages.empty());
    for (int n = 1; n <= 3; ++n) CHECK(house.copies_of(n) == 1);
  }
}

TEST_CASE("what was marked as seen is not believed of another message either") {
  for (const auto& way : all_ways()) {
    CAPTURE(way.kind);
    CAPTURE(way.pipelining);
    CAPTURE(way.top);
    if (!way.top) continue;  // without TOP, marking records only the UIDL
    AbsentHousehold house(way, {named("A", 1), named("B", 2)});
    engine::mark(house.account, house.environment, house.told, {}).messages;
    house.run_with({});
    house.account.policy.leave_on_server = false;
    house.run_with({named("A", 3), named("B", 2)});
    CHECK(house.copies_of(3) == 1);
    CHECK(house.copies_of(1) + house.copies_of(2) == 0);
    REQUIRE(house.server.messages.size() == 1);
    CHECK(house.server.messages[0].uidl == "B");
  }
}

TEST_CASE("polls write nothing while the same messages are absent") {
  AbsentHousehold house({.kind = "maildir"}, {named("A", 1), named("B", 2), named("C", 3)});
  house.run();
  house.run_with({named("A", 1)});
  const auto database = [&] { return test::slurp(house.environment.state_file); };
  const auto before = database();
  for (int run = 0; run < 3; ++run) house.run_with({named("A", 1)});
  CHECK(database() == before);
  house.run_with({});
  CHECK(database() != before);
}

TEST_CASE("two messages that share header and size are not taken for one after an absence") {
  for (const auto& way : all_ways()) {
    for (const bool leaving : {true, false}) {
      CAPTURE(way.kind);
      CAPTURE(way.pipelining);
      CAPTURE(way.top);
      CAPTURE(leaving);
      AbsentHousehold house(way, {named("A", 1)});
      house.run();
      house.run_with({});
      house.account.policy.leave_on_server = leaving;
      house.run_with({named("X", 1), named("A", 1)});
      CHECK(house.copies_of(1) == 2);
      CHECK(house.server.messages.size() == (leaving ? 2 : 0));
    }
  }
}
