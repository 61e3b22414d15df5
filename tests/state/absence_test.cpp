// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "fixture.h"
#include "state/store.h"

using namespace mailhaul;
using namespace mailhaul::test;
using state::LandingState;
using state::Row;
using state::RowId;
using state::Standing;

namespace {

struct Box {
  Place place;
  state::Store store = place.open();
  state::MailboxId mailbox = store.mailbox("anna", "h", 0);

  void absent(int day, std::vector<RowId> rows) { store.note_absent(mailbox, rows, at_day(day)); }
  bool holds(RowId row) const { return store.row(mailbox, row).has_value(); }
  std::string journal() const { return slurp(place.file.native() + "-wal"); }
};

}  // namespace

TEST_CASE("a row is deleted when it was absent on 20 days and its last event is over 180 days ago") {
  struct Rule {
    const char* name;
    Standing standing;
    std::optional<state::Time> delivered, gone;
    int first_day, days;  ///< absent on this many days in a row, beginning with the first
    bool forgotten;
  };
  using enum Standing;
  const auto rules = {
      Rule{"delivered, long ago, absent long enough", delivered, at_day(0), {}, 181, 20, true},
      Rule{"one day too few", delivered, at_day(0), {}, 181, 19, false},
      Rule{"20 days, but exactly 180 days old", delivered, at_day(0), {}, 161, 20, false},
      Rule{"20 days, and a day older", delivered, at_day(0), {}, 161, 21, true},
      Rule{"gone recently, delivered long ago", gone, at_day(0), at_day(100), 181, 20, false},
      Rule{"gone long ago", gone, at_day(0), at_day(1), 182, 20, true},
      Rule{"only marked: its age begins with its first absence", seen, {}, {}, 10, 181, false},
      Rule{"the same, a day more", seen, {}, {}, 10, 182, true},
      Rule{"never delivered, without landings", pending, {}, {}, 10, 182, true},
      Rule{"delivered in the future, when the clock was wrong", delivered, at_day(900), {}, 300, 40, false},
  };
  for (const auto& rule : rules) {
    CAPTURE(rule.name);
    Box box;
    box.store.commit(
        box.mailbox,
        {.rows = {Row{.id = 1, .standing = rule.standing, .delivered = rule.delivered, .gone = rule.gone}}});
    for (int day = rule.first_day; day < rule.first_day + rule.days; ++day) {
      CHECK(box.holds(1));
      box.absent(day, {1});
    }
    CHECK(box.holds(1) == !rule.forgotten);
  }
}

TEST_CASE("a day counts once and is written once") {
  Box box;
  box.store.commit(box.mailbox, {.rows = {delivered_row(1, "a")}});
  for (int day = 300; day < 319; ++day) {
    box.absent(day, {1});
    const auto journal = box.journal();
    for (int again = 0; again < 3; ++again) box.absent(day, {1});
    CHECK(box.journal() == journal);
  }
  CHECK(box.holds(1));
  box.absent(319, {1});
  CHECK_FALSE(box.holds(1));
}

TEST_CASE("a listing in which nothing is absent writes nothing") {
  Box box;
  box.store.commit(box.mailbox, {.rows = {delivered_row(1, "a")}});
  const auto journal = box.journal();
  for (int day = 0; day < 3; ++day) box.absent(day, {});
  CHECK(box.journal() == journal);
}

TEST_CASE("a row that is listed again starts from zero") {
  Box box;
  box.store.commit(box.mailbox, {.rows = {delivered_row(1, "a"), delivered_row(2, "b")}});
  int day = 300;
  for (; day < 319; ++day) box.absent(day, {1, 2});
  SUBCASE("while another one is absent") { box.absent(day++, {2}); }
  SUBCASE("while no row is absent") { box.absent(day++, {}); }
  SUBCASE("and was written") {
    box.store.commit(box.mailbox, {.rows = {delivered_row(1, "a")}});
    box.absent(day++, {2});
  }
  CHECK(box.holds(1));
  for (int more = 0; more < 19; ++more) box.absent(day++, {1});
  CHECK(box.holds(1));
  box.absent(day, {1});
  CHECK_FALSE(box.holds(1));
}

TEST_CASE("a row with open landings is never deleted") {
  Box box;
  box.store.commit(box.mailbox,
                   {.rows = {delivered_row(1, "a"), delivered_row(2, "b")},
                    .landings = {{.row = 1, .target = "t", .ticket = "x", .state = LandingState::doubt}}});
  for (int day = 300; day < 330; ++day) box.absent(day, {2, 1, 2});
  CHECK(box.holds(1));
  CHECK_FALSE(box.holds(2));
  box.store.commit(box.mailbox, {.settled = {1}});
  box.absent(330, {1});
  CHECK_FALSE(box.holds(1));
  CHECK(box.store.next_row(box.mailbox) == 3);
}

TEST_CASE("a clock that jumps ahead for a day deletes nothing") {
  Box box;
  box.store.commit(box.mailbox, {.rows = {delivered_row(1, "a")}});
  box.absent(10, {1});
  box.absent(100'000, {1});
  box.absent(11, {1});
  CHECK(box.holds(1));
}
