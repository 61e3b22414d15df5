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

struct StoredMailbox {
  Place place;
  state::Store store = place.open();
  state::MailboxId id = store.mailbox("anna", "h", 0);

  void absent(int day, std::vector<RowId> rows) { store.note_absent(id, rows, at_day(day)); }
  bool holds(RowId row) const { return store.row(id, row).has_value(); }
  std::string journal() const { return slurp(place.file.native() + "-wal"); }
};

}  // namespace

TEST_CASE("a row is deleted when it was absent on 20 days and for over 180 days") {
  struct Rule {
    const char* name;
    Standing standing;
    std::optional<state::Time> delivered, gone;
    int first_day, days;  ///< absent on this many days in a row, beginning with the first
    bool forgotten;
  };
  using enum Standing;
  const auto rules = {
      Rule{"delivered long ago: what counts is its first absence", delivered, at_day(0), {}, 181, 181, false},
      Rule{"the same, a day more", delivered, at_day(0), {}, 181, 182, true},
      Rule{"delivered again after its first absence", delivered, at_day(20), {}, 10, 191, false},
      Rule{"the same, a day more", delivered, at_day(20), {}, 10, 192, true},
      Rule{"gone after its first absence", gone, at_day(0), at_day(20), 10, 191, false},
      Rule{"the same, a day more", gone, at_day(0), at_day(20), 10, 192, true},
      Rule{"only marked: its age begins with its first absence", seen, {}, {}, 10, 181, false},
      Rule{"the same, a day more", seen, {}, {}, 10, 182, true},
      Rule{"never delivered, without landings", pending, {}, {}, 10, 182, true},
      Rule{"delivered in the future, when the clock was wrong", delivered, at_day(900), {}, 300, 40, false},
  };
  for (const auto& rule : rules) {
    CAPTURE(rule.name);
    StoredMailbox mailbox;
    mailbox.store.commit(
        mailbox.id,
        {.rows = {Row{.id = 1, .standing = rule.standing, .delivered = rule.delivered, .gone = rule.gone}}});
    for (int day = rule.first_day; day < rule.first_day + rule.days; ++day) {
      CHECK(mailbox.holds(1));
      mailbox.absent(day, {1});
    }
    CHECK(mailbox.holds(1) == !rule.forgotten);
  }
}

TEST_CASE("a day counts once and is written once") {
  StoredMailbox mailbox;
  mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a")}});
  for (int day = 300; day < 319; ++day) {
    mailbox.absent(day, {1});
    const auto journal = mailbox.journal();
    for (int again = 0; again < 3; ++again) mailbox.absent(day, {1});
    CHECK(mailbox.journal() == journal);
  }
  mailbox.absent(319, {1});
  CHECK(mailbox.holds(1));
  mailbox.absent(481, {1});
  CHECK_FALSE(mailbox.holds(1));
}

TEST_CASE("a listing in which nothing is absent writes nothing") {
  StoredMailbox mailbox;
  mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a")}});
  const auto journal = mailbox.journal();
  for (int day = 0; day < 3; ++day) mailbox.absent(day, {});
  CHECK(mailbox.journal() == journal);
}

TEST_CASE("a row that is listed again starts from zero") {
  StoredMailbox mailbox;
  mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a"), delivered_row(2, "b")}});
  int day = 300;
  for (; day < 319; ++day) mailbox.absent(day, {1, 2});
  SUBCASE("while another one is absent") { mailbox.absent(day++, {2}); }
  SUBCASE("while no row is absent") { mailbox.absent(day++, {}); }
  SUBCASE("and was written") {
    mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a")}});
    mailbox.absent(day++, {2});
  }
  CHECK(mailbox.holds(1));
  const int first = day;
  for (int more = 0; more < 19; ++more) mailbox.absent(day++, {1});
  mailbox.absent(first + 180, {1});
  CHECK(mailbox.holds(1));
  mailbox.absent(first + 181, {1});
  CHECK_FALSE(mailbox.holds(1));
}

TEST_CASE("a row with open landings is never deleted") {
  StoredMailbox mailbox;
  mailbox.store.commit(
      mailbox.id, {.rows = {delivered_row(1, "a"), delivered_row(2, "b")},
                   .landings = {{.row = 1, .target = "t", .ticket = "x", .state = LandingState::doubt}}});
  for (int day = 300; day < 330; ++day) mailbox.absent(day, {2, 1, 2});
  CHECK(mailbox.holds(2));
  mailbox.absent(481, {2, 1, 2});
  CHECK(mailbox.holds(1));
  CHECK_FALSE(mailbox.holds(2));
  mailbox.store.commit(mailbox.id, {.without_landings = {1}});
  mailbox.absent(482, {1});
  CHECK_FALSE(mailbox.holds(1));
  CHECK(mailbox.store.next_row(mailbox.id) == 3);
}

TEST_CASE("a clock that jumps ahead for a day deletes nothing") {
  StoredMailbox mailbox;
  mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a")}});
  mailbox.absent(10, {1});
  mailbox.absent(100'000, {1});
  mailbox.absent(11, {1});
  CHECK(mailbox.holds(1));
}

TEST_CASE("a row that was absent on 19 days of a year stays") {
  StoredMailbox mailbox;
  mailbox.store.commit(mailbox.id, {.rows = {delivered_row(1, "a")}});
  int day = 300;
  for (int times = 0; times < 19; ++times, day += 20) mailbox.absent(day, {1});
  CHECK(mailbox.holds(1));
  mailbox.absent(day, {1});
  CHECK_FALSE(mailbox.holds(1));
}
