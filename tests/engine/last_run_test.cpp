// SPDX-License-Identifier: MIT
#include "engine/last_run.h"

#include <doctest/doctest.h>

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
