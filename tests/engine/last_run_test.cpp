// SPDX-License-Identifier: MIT
#include "engine/last_run.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "engine/status.h"
#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::test;
using util::Kind;

namespace {

constexpr state::Time early{std::chrono::seconds(1000)}, late{std::chrono::seconds(2000)};

engine::AccountOutcome outcome_with(std::optional<Kind> kind) {
  engine::AccountOutcome outcome{.account = "home"};
  if (kind) outcome.error = util::Error(*kind, "it failed", "do this");
  return outcome;
}

}  // namespace

TEST_CASE("trouble lasts from the first failure to the next success") {
  auto last = engine::last_run_after({}, outcome_with({}), early);
  CHECK(last.succeeded == early);
  CHECK_FALSE(last.failing_since);
  last = engine::last_run_after(last, outcome_with(Kind::temporary), early);
  last = engine::last_run_after(last, outcome_with(Kind::login), late);
  CHECK(last.failing_since == early);
  CHECK(last.succeeded == early);
  CHECK(last.status == 77);
  CHECK(last.error == "it failed");
  last = engine::last_run_after(last, outcome_with({}), late);
  CHECK_FALSE(last.failing_since);
  CHECK(last.succeeded == late);
  CHECK(last.error.empty());
}

TEST_CASE("a clock that was set back moves the beginning of trouble") {
  auto last = engine::last_run_after({}, outcome_with(Kind::temporary), late);
  last = engine::last_run_after(last, outcome_with(Kind::temporary), early);
  CHECK(last.failing_since == early);
}

TEST_CASE("a run that was stopped leaves what the run before it left, and notes its mail") {
  const auto before = engine::last_run_after({}, outcome_with(Kind::temporary), early);
  auto stopped = outcome_with(Kind::cancelled);
  CHECK(engine::last_run_after(before, stopped, late) == before);
  stopped.totals.fetched = 1;
  const auto after = engine::last_run_after(before, stopped, late);
  CHECK(after.mail == late);
  CHECK(after.status == 75);
}

namespace {

struct Polled : Household {
  Polled() {
    server.messages.push_back(mail_of(0));
    account.policy.leave_on_server = true;
    run();
  }
  state::LastRun last() const { return engine::status(account, environment).run.value(); }
  std::string database() const { return slurp(environment.state_file); }
  /// Moves the clock by `later`, runs once, and returns whether the database is unchanged.
  bool is_idle_after(std::chrono::seconds later) {
    const auto before = database();
    now += later;
    run();
    return database() == before;
  }
};

constexpr std::chrono::minutes later{5};

}  // namespace

TEST_CASE("an idle poll changes nothing in the database, and its time is known all the same") {
  Polled house;
  const auto mailed = house.last();
  for (int round = 0; round < 2; ++round) {
    CHECK(house.is_idle_after(later));
    auto expected = mailed;
    expected.ended = house.now;
    expected.asked = expected.succeeded = house.now;
    CHECK(house.last() == expected);
  }
  house.account.policy.min_interval = 2 * later;
  CHECK(house.is_idle_after(later));
  CHECK(house.last().asked == house.now - later);  // this run did not ask the server
}

TEST_CASE("the time of an idle poll gives way to what is stored after it") {
  Polled house;
  CHECK(house.is_idle_after(later));
  const auto idle = house.now;
  house.server.messages.push_back(mail_of(1));
  CHECK_FALSE(house.is_idle_after(later));
  CHECK(house.last().mail == house.now);
  CHECK(house.last().ended == house.now);
  SUBCASE("a failure") {
    house.environment.connect = [](const auto&, const auto&, const auto&) -> net::LoggedIn {
      throw util::Error(Kind::temporary, "it failed");
    };
    CHECK_FALSE(house.is_idle_after(later));
    CHECK(house.last().ended == house.now);
    CHECK(house.last().succeeded == house.now - later);
    CHECK(house.last().failing_since == house.now);
  }
  SUBCASE("a clock that was set back") {
    CHECK_FALSE(house.is_idle_after(-4 * later));
    CHECK(house.last().ended == house.now);
    CHECK(house.now < idle);
  }
}

TEST_CASE("the time of an idle poll that cannot be read is not known") {
  Polled house;
  const auto mailed = house.last();
  CHECK(house.is_idle_after(later));
  for (const auto& entry : std::filesystem::directory_iterator(house.dir / "state" / "locks")) {
    SUBCASE("torn") { std::ofstream(entry.path()) << "2023-11"; }
    SUBCASE("gone") { std::filesystem::remove(entry.path()); }
    SUBCASE("of a database that was lost") {
      for (const auto* end : {"", "-wal", "-shm"})
        std::filesystem::remove(house.environment.state_file.native() + end);
      CHECK_FALSE(engine::status(house.account, house.environment).run);
      return;
    }
  }
  CHECK(house.last() == mailed);
  CHECK(house.is_idle_after(later));
  CHECK(house.last().asked == house.now);
}

TEST_CASE("messages that wait are counted down as they are delivered") {
  Household house;
  for (int n = 0; n < 5; ++n) house.server.messages.push_back(mail_of(n));
  house.account.policy.leave_on_server = true;
  house.account.policy.max_messages = 2;
  for (const std::uint32_t waiting : {3U, 1U, 0U, 0U}) {
    const auto totals = house.run().totals;
    CHECK(totals.waiting == waiting);
    CHECK(totals.waiting_bytes == waiting * mail_of(0).bytes.size());
    const auto status = engine::status(house.account, house.environment);
    REQUIRE(status.run);
    CHECK(status.run->waiting == waiting);
    CHECK(status.run->listed == 5);
  }
}
