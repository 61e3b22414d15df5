// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "fixture.h"
#include "state/store.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::string_literals;
using state::LandingState;
using state::Row;
using state::Seen;
using state::Standing;

namespace {

Seen seen_of(Place& place, const state::Change& change) {
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  store.commit(store.mailbox("bert", "h", 0), {.rows = {delivered_row(1, "bert's")}});
  store.commit(mailbox, change);
  return store.seen(mailbox);
}

}  // namespace

TEST_CASE("a snapshot of an empty mailbox is empty") {
  Place place;
  const Seen seen = seen_of(place, {});
  CHECK(seen.rows().empty());
  CHECK(seen.with_uidl("").empty());
  CHECK(seen.with_id(1) == nullptr);
}

TEST_CASE("a snapshot holds what a poll needs, sorted by the bytes of the UIDL") {
  Place place;
  auto first = delivered_row(1, "b\xff"s);
  first.due = at_day(4);
  Row second{.id = 2, .standing = Standing::seen, .uidl = "b\0z"s, .bytes = 5, .ordinal = 2, .suspect = true};
  Row third{.id = 3, .uidl = "", .told = true};
  const Seen seen =
      seen_of(place, {.rows = {first, second, third},
                      .landings = {{.row = 3, .target = "t", .ticket = "x", .state = LandingState::intent},
                                   {.row = 3, .target = "u", .ticket = "x", .state = LandingState::intent}}});
  REQUIRE(seen.rows().size() == 3);
  CHECK(seen.rows()[0].id == 3);
  CHECK(seen.rows()[0].told);
  CHECK(seen.rows()[0].has_landings);
  CHECK(seen.rows()[0].standing == Standing::pending);
  CHECK_FALSE(seen.rows()[0].delivered);
  CHECK(seen.rows()[1].uidl == second.uidl);
  CHECK(seen.rows()[1].bytes == 5);
  CHECK(seen.rows()[1].ordinal == 2);
  CHECK(seen.rows()[1].suspect);
  CHECK(seen.rows()[1].standing == Standing::seen);
  CHECK_FALSE(seen.rows()[1].has_landings);
  CHECK(seen.rows()[2].uidl == first.uidl);
  CHECK(seen.rows()[2].delivered == first.delivered);
  CHECK(seen.rows()[2].due == first.due);
  CHECK(seen.with_id(2) == &seen.rows()[1]);
  CHECK(seen.with_id(4) == nullptr);
}

TEST_CASE("all rows of one UIDL are found, gone ones too, by their ids") {
  Place place;
  auto gone = delivered_row(1, "same");
  gone.standing = Standing::gone;
  const Seen seen = seen_of(place, {.rows = {delivered_row(2, "other"), delivered_row(4, "same"), gone,
                                             delivered_row(3, "same"), delivered_row(5, "same2")}});
  const auto same = seen.with_uidl("same");
  REQUIRE(same.size() == 3);
  CHECK(same[0].id == 1);
  CHECK(same[0].standing == Standing::gone);
  CHECK(same[1].id == 3);
  CHECK(same[2].id == 4);
  CHECK(seen.with_uidl("sam").empty());
  CHECK(seen.with_uidl("same\0"s).empty());
}

TEST_CASE("the views of a snapshot survive its moves and its store") {
  Place place;
  Seen seen =
      seen_of(place, {.rows = {delivered_row(1, "short"), delivered_row(2, std::string(100'000, 'x'))}});
  std::vector<Seen> elsewhere;
  elsewhere.push_back(std::move(seen));
  elsewhere.reserve(elsewhere.capacity() + 1);
  CHECK(elsewhere[0].with_uidl("short").size() == 1);
  CHECK(elsewhere[0].with_id(2)->uidl == std::string(100'000, 'x'));
}

TEST_CASE("UIDLs that differ late, early, or by a zero byte are kept in the order of their bytes") {
  Place place;
  std::set<std::string> uidls{"pre", "pre\0"s, "pre\0\0"s, "prefix-123456789", "prefix-123456780", "prf"};
  state::Change change;
  state::RowId id = 0;
  for (const auto* tail : {"\x80", "a", "\xff\xff", "12345678", "123456789", "1234567"}) {
    uidls.insert("pre"s + tail);
  }
  for (auto uidl = uidls.rbegin(); uidl != uidls.rend(); ++uidl) {
    change.rows.push_back(delivered_row(++id, *uidl));
  }
  const Seen seen = seen_of(place, change);
  REQUIRE(seen.rows().size() == uidls.size());
  std::size_t place_in_order = 0;
  for (const auto& uidl : uidls) CHECK(seen.rows()[place_in_order++].uidl == uidl);
  for (const auto& row : seen.rows()) CHECK(seen.with_id(row.id) == &row);
}

TEST_CASE("100,000 rows are written and read") {
  Place place;
  constexpr state::RowId count = 100'000;
  // In no order, and each its own: the factor is odd.
  const auto uidl_of = [](state::RowId id) {
    return std::to_string(static_cast<std::uint64_t>(id) * 0x9e3779b97f4a7c15U);
  };
  Row row = delivered_row(1, "");
  state::Change change;
  for (row.id = 1; row.id <= count; ++row.id) {
    row.uidl = uidl_of(row.id);
    row.bytes = 1000 + static_cast<std::uint64_t>(row.id);
    change.rows.push_back(row);
  }
  const Seen seen = seen_of(place, change);
  REQUIRE(seen.rows().size() == count);
  CHECK(std::ranges::is_sorted(seen.rows(), {}, &state::SeenRow::uidl));
  bool all_found = true;
  for (state::RowId id = 1; id <= count; ++id) {
    const auto found = seen.with_uidl(uidl_of(id));
    all_found = all_found && found.size() == 1 && found[0].id == id && seen.with_id(id) == found.data() &&
                found[0].bytes == 1000 + static_cast<std::uint64_t>(id);
  }
  CHECK(all_found);
}
