// SPDX-License-Identifier: MIT
#include "engine/plan.h"

#include <doctest/doctest.h>

using namespace mailhaul;
using namespace std::chrono_literals;
using engine::Action;
using state::Standing;

namespace {

const state::Time now{std::chrono::seconds(1'700'000'000)};

struct Case {
  const char* name;
  std::optional<state::RowSummary> row;
  account::Policy policy;
  Action expected;
  bool mark_due = false;
};

state::RowSummary delivered(std::chrono::seconds ago, std::uint64_t bytes = 100) {
  return {.id = 1, .uidl = "a", .bytes = bytes, .standing = Standing::delivered, .delivered = now - ago};
}

state::RowSummary due(std::chrono::seconds delivered_ago, std::chrono::seconds marked_ago) {
  auto row = delivered(delivered_ago);
  row.due = now - marked_ago;
  return row;
}

state::RowSummary suspect() {
  auto row = delivered(1h);
  row.suspect = true;
  return row;
}

const account::Policy removing{};
const account::Policy leaving{.leave_on_server = true};
const account::Policy month{.leave_on_server = true, .delete_after = 30 * 24h};
const account::Policy small{.max_size = 99};
const account::Policy again{.fetch_all = true};

engine::Step one(const Case& c) {
  engine::Identity identity{.row = c.row ? &*c.row : nullptr};
  return engine::plan({{.number = 1, .bytes = 100, .uidl = "a"}}, {identity}, c.policy, {now}).steps.front();
}

}  // namespace

TEST_CASE("the plan for each message follows from policy and row") {
  const std::vector<Case> cases{
      {"new mail is fetched", std::nullopt, removing, Action::fetch},
      {"new mail is fetched with leave_on_server too", std::nullopt, leaving, Action::fetch},
      {"new mail over max_size stays", std::nullopt, small, Action::skip},
      {"a delivered message is removed", delivered(1h), removing, Action::remove},
      {"a delivered message stays with leave_on_server", delivered(1h), leaving, Action::leave},
      {"max_size does not keep a delivered message", delivered(1h), small, Action::remove},
      {"before delete_after it stays", delivered(29 * 24h), month, Action::leave},
      {"at delete_after it is marked, not removed", delivered(30 * 24h), month, Action::leave, true},
      {"within an hour of the mark it stays", due(31 * 24h, 59min), month, Action::leave},
      {"an hour after the mark it is removed", due(31 * 24h, 1h), month, Action::remove},
      {"a mark from the future waits", due(31 * 24h, -2h), month, Action::leave},
      {"another size is verified", delivered(1h, 101), leaving, Action::verify},
      {"a row in doubt is verified", suspect(), leaving, Action::verify},
      {"marked as seen stays", state::RowSummary{.id = 1, .bytes = 100, .standing = Standing::seen}, removing,
       Action::leave},
      {"marked as seen, with another size, is compared",
       state::RowSummary{.id = 1, .bytes = 101, .standing = Standing::seen}, removing, Action::verify},
      {"marked as seen without a size stays", state::RowSummary{.id = 1, .standing = Standing::seen},
       removing, Action::leave},
      {"marked as seen is fetched with fetch_all",
       state::RowSummary{.id = 1, .bytes = 100, .standing = Standing::seen}, again, Action::fetch},
      {"delivered is fetched with fetch_all", delivered(1h), again, Action::fetch},
      {"pending is fetched", state::RowSummary{.id = 1, .bytes = 100, .standing = Standing::pending},
       removing, Action::fetch},
      {"gone and listed again is verified",
       state::RowSummary{.id = 1, .bytes = 100, .standing = Standing::gone}, removing, Action::verify},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto step = one(c);
    CHECK(report::name_of(step.action) == report::name_of(c.expected));
    CHECK(step.mark_due == c.mark_due);
    CHECK_FALSE(step.reason.empty());
  }
}

TEST_CASE("what went to standard output is told apart from what a person marked") {
  state::RowSummary row{.id = 1, .bytes = 100, .standing = Standing::seen};
  const auto reason = [&row] { return one({"", row, removing, Action::leave}).reason; };
  CHECK(reason() == "marked as seen");
  row.delivered = now;
  CHECK(reason() == "handed to standard output");
}

TEST_CASE("a plan without the messages that are only left keeps every other one, in its order") {
  const auto known = delivered(1h), marked = due(31 * 24h, 1h), to_mark = delivered(40 * 24h);
  const auto imported = delivered(1h, 0);
  auto failed = delivered(1h);
  failed.standing = Standing::pending;
  failed.failures = 1;
  std::vector<pop3::Listed> listed;
  for (std::uint32_t n = 1; n <= 8; ++n) listed.push_back({.number = n, .bytes = n == 6 ? 999U : 100U});
  const engine::RareHash hash = std::optional(util::Hash{7});
  const std::vector<engine::Identity> identities{
      {.row = &failed},  {.row = &known},  {.row = &marked},   {},
      {.row = &to_mark}, {.header = hash}, {.row = &imported}, {.row = &known}};
  auto policy = month;
  policy.max_size = 500;
  const auto plan = engine::plan(listed, identities, policy, {.now = now, .steps = engine::Steps::with_work});
  std::vector<std::uint32_t> numbers;
  for (const auto& step : plan.steps) numbers.push_back(step.message.number);
  CHECK(numbers == std::vector<std::uint32_t>{3, 4, 5, 6, 7, 1});
  CHECK(plan.failed_from == 5);
  CHECK(plan.steps[2].mark_due);
  CHECK(plan.steps[3].action == Action::skip);
  CHECK(std::optional<util::Hash>(plan.steps[3].identity.header) == util::Hash{7});
  CHECK(plan.steps[4].is_unsized);
  CHECK(plan.steps[5].index == 5);
  CHECK(engine::plan(listed, identities, policy, {.now = now}).steps.size() == 8);
}

TEST_CASE("the limits of a run count what is retrieved, in processing order") {
  const std::vector<pop3::Listed> listed{{1, 10, "a"}, {2, 20, "b"}, {3, 30, "c"}};
  const auto actions = [&](const account::Policy& policy) {
    std::string text;
    const auto plan = engine::plan(listed, std::vector<engine::Identity>(3), policy, {now});
    for (const auto& step : plan.steps) {
      text += std::to_string(step.message.number) + (step.action == Action::fetch ? "+" : "-");
    }
    return text;
  };
  CHECK(actions({}) == "1+2+3+");
  CHECK(actions({.max_messages = 2}) == "1+2+3-");
  CHECK(actions({.max_messages = 2, .order = account::Order::newest}) == "3+2+1-");
  CHECK(actions({.max_bytes = 30}) == "1+2+3-");
  CHECK(actions({.max_bytes = 5}) == "1+2-3-");
}
