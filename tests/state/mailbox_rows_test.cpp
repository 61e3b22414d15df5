// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.h"
#include "state/store.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::string_literals;
using state::LandingState;
using state::MailboxRows;
using state::Row;
using state::Standing;

namespace {

MailboxRows seen_of(Place& place, const state::Change& change) {
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  store.commit(store.mailbox("bert", "h", 0), {.rows = {delivered_row(1, "bert's")}});
  store.commit(mailbox, change);
  return store.rows(mailbox);
}

}  // namespace

TEST_CASE("a snapshot of an empty mailbox is empty") {
  Place place;
  const MailboxRows seen = seen_of(place, {});
  CHECK(seen.rows().empty());
  CHECK(seen.with_id(1) == nullptr);
}

TEST_CASE("a snapshot contains what a poll needs, by id") {
  Place place;
  auto first = delivered_row(1, "b\xff"s);
  first.due = at_day(4);
  Row second{.id = 2, .standing = Standing::seen, .uidl = "b\0z"s, .bytes = 5, .ordinal = 2, .suspect = true};
  Row third{.id = 3, .uidl = "", .failures = 2, .told = true};
  const MailboxRows seen =
      seen_of(place, {.rows = {third, first, second},
                      .landings = {{.row = 3, .target = "t", .ticket = "x", .state = LandingState::intent},
                                   {.row = 3, .target = "u", .ticket = "x", .state = LandingState::intent}}});
  REQUIRE(seen.rows().size() == 3);
  CHECK(seen.rows()[2].id == 3);
  CHECK(seen.rows()[2].told);
  CHECK(seen.rows()[2].failures == 2);
  CHECK(seen.rows()[2].has_landings);
  CHECK(seen.rows()[2].standing == Standing::pending);
  CHECK_FALSE(seen.rows()[2].delivered);
  CHECK(seen.rows()[1].uidl == second.uidl);
  CHECK(seen.rows()[1].bytes == 5);
  CHECK(seen.rows()[1].suspect);
  CHECK(seen.rows()[1].standing == Standing::seen);
  CHECK_FALSE(seen.rows()[1].has_landings);
  CHECK(seen.rows()[0].uidl == first.uidl);
  CHECK(std::optional<state::Time>(seen.rows()[0].delivered) == first.delivered);
  CHECK(std::optional<state::Time>(seen.rows()[0].due) == first.due);
  CHECK_FALSE(std::optional<state::Time>(seen.rows()[1].due));
  CHECK(seen.with_id(2) == &seen.rows()[1]);
  CHECK(seen.with_id(4) == nullptr);
}

TEST_CASE("all rows of a UIDL are there, including those that are gone") {
  Place place;
  auto gone = delivered_row(1, "same");
  gone.standing = Standing::gone;
  const MailboxRows seen = seen_of(
      place, {.rows = {delivered_row(4, "same"), gone, delivered_row(9, "same"), delivered_row(3, "other")}});
  REQUIRE(seen.rows().size() == 4);
  CHECK(std::ranges::is_sorted(seen.rows(), {}, &state::RowSummary::id));
  CHECK(seen.with_id(1)->standing == Standing::gone);
  for (const state::RowId id : {1, 4, 9}) CHECK(seen.with_id(id)->uidl == "same");
  for (const state::RowId id : {0, 2, 5, 10}) CHECK(seen.with_id(id) == nullptr);
}

TEST_CASE("the views of a snapshot stay valid after it is moved and its store is closed") {
  Place place;
  MailboxRows seen =
      seen_of(place, {.rows = {delivered_row(1, "short"), delivered_row(2, std::string(100'000, 'x'))}});
  std::vector<MailboxRows> elsewhere;
  elsewhere.push_back(std::move(seen));
  elsewhere.reserve(elsewhere.capacity() + 1);
  CHECK(elsewhere[0].with_id(1)->uidl == "short");
  CHECK(elsewhere[0].with_id(2)->uidl == std::string(100'000, 'x'));
}

TEST_CASE("100,000 rows can be written and read") {
  Place place;
  constexpr state::RowId count = 100'000;
  const auto uidl_of = [](state::RowId id) { return "uidl-" + std::to_string(id); };
  Row row = delivered_row(1, "");
  state::Change change;
  for (row.id = 1; row.id <= count; ++row.id) {
    row.uidl = uidl_of(row.id);
    row.bytes = 1000 + static_cast<std::uint64_t>(row.id);
    change.rows.push_back(row);
  }
  const MailboxRows seen = seen_of(place, change);
  REQUIRE(seen.rows().size() == count);
  bool all_found = true;
  for (state::RowId id = 1; id <= count; ++id) {
    const auto* found = seen.with_id(id);
    all_found = all_found && found != nullptr && found->uidl == uidl_of(id) &&
                found->bytes == 1000 + static_cast<std::uint64_t>(id);
  }
  CHECK(all_found);
}
