// SPDX-License-Identifier: MIT
// If a bit of a state database is flipped, the database is reported as damaged, or everything that is needed
// to deliver each message exactly once is still as it was written.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "fixture.h"
#include "state/database.h"
#include "state/store.h"

using namespace mailhaul;
using namespace mailhaul::test;
using state::Landing;
using state::LandingState;
using state::Row;
using state::Standing;

namespace {

bool operator==(const Row& a, const Row& b) {
  return a.id == b.id && a.standing == b.standing && a.uidl == b.uidl && a.bytes == b.bytes &&
         a.header == b.header && a.content == b.content && a.ordinal == b.ordinal &&
         a.delivered == b.delivered && a.gone == b.gone && a.due == b.due && a.suspect == b.suspect &&
         a.failures == b.failures && a.told == b.told;
}

bool same(const std::vector<Landing>& a, const std::vector<Landing>& b) {
  return std::ranges::equal(a, b, [](const Landing& one, const Landing& other) {
    return one.row == other.row && one.target == other.target && one.ticket == other.ticket &&
           one.state == other.state;
  });
}

/// Everything in one mailbox that decides about mail.
struct Content {
  std::vector<Row> rows;
  std::vector<Landing> landings;
  bool operator==(const Content& other) const {
    return std::ranges::equal(rows, other.rows, [](const Row& a, const Row& b) { return a == b; }) &&
           same(landings, other.landings);
  }
};

constexpr std::array users{"anna", "bert", "carl"};

/// Reads a mailbox as a run does: the snapshot, then single rows.
Content read(state::Store& store, const char* user) {
  const auto mailbox = store.mailbox(user, "pop.example.org", 0);
  Content content;
  const auto all = store.rows(mailbox);
  for (const auto& summary : all.rows()) {
    auto row = store.row(mailbox, summary.id).value();
    const bool agree = row.uidl == summary.uidl && row.standing == summary.standing &&
                       row.bytes == summary.bytes && row.suspect == summary.suspect;
    if (!agree) throw std::logic_error("a summary and its row differ");
    const auto found = row.content ? store.rows_with_content(mailbox, *row.content) : std::vector<Row>{row};
    const bool listed = std::ranges::any_of(found, [&](const Row& other) { return other.id == row.id; });
    if (!listed && row.standing != Standing::gone)
      throw std::logic_error("a row is not found by its content");
    content.rows.push_back(std::move(row));
  }
  content.landings = store.landings(mailbox);
  for (const auto& row : content.rows) {
    if (store.landings_of(mailbox, row.id).size() > content.landings.size())
      throw std::logic_error("landings");
  }
  return content;
}

std::vector<Content> read_all(state::Store& store) {
  std::vector<Content> all;
  for (const auto* user : users) all.push_back(read(store, user));
  return all;
}

/// Writes everything that a run can write.
void write_some(state::Store& store) {
  const auto mailbox = store.mailbox("anna", "pop.example.org", 0);
  const auto row = store.next_row(mailbox);
  store.commit(
      mailbox,
      {.rows = {delivered_row(row, "new")},
       .landings = {{.row = row, .target = "mbox:/m", .ticket = "t", .state = LandingState::intent}}});
  store.commit(mailbox, {.delivered = {{.row = row, .when = at_day(2)}}});
  store.commit(mailbox, {.removed = {{.row = row, .when = at_day(2)}}});
  store.note_absent(mailbox, std::vector<state::RowId>{row}, at_day(3));
  store.remember(mailbox, {.login_method = "user"});
  store.note_told(mailbox, std::vector<std::string>{"another warning"});
  store.flush(mailbox);
  store.commit(mailbox, {.forgotten = {row}});
}

void fill(state::Store& store, const char* user, int count) {
  const auto mailbox = store.mailbox(user, "pop.example.org", 0);
  state::Change change;
  for (int i = 0; i < count; ++i) {
    auto row = delivered_row(store.next_row(mailbox), user + ("-uid-" + std::to_string(i)));
    row.standing = static_cast<Standing>(i % 4);
    row.suspect = i % 7 == 2;
    row.told = i % 5 == 0;
    row.failures = i % 4 == 0 ? 2 : 0;
    if (row.standing == Standing::gone) row.gone = at_day(1);
    if (row.standing == Standing::pending) {
      change.landings.push_back(
          {.row = row.id, .target = "maildir:/m", .ticket = "id=" + row.uidl, .state = LandingState::tried});
    }
    change.rows.push_back(row);
  }
  store.commit(mailbox, change);
  store.remember(mailbox, {.login_method = "user", .refused_logins = 1});
  store.note_told(mailbox, std::vector<std::string>{"the server is slow"});
  store.note_absent(mailbox, std::vector<state::RowId>{1, 2}, at_day(2));
}

/// A state database, and what it holds.
struct Sample : Place {
  std::string bytes;
  std::vector<Content> content;

  explicit Sample(int rows) {
    {
      auto store = open();
      for (const auto* user : users) fill(store, user, user == users.front() ? rows : 3);
      content = read_all(store);
    }
    bytes = slurp(file);
  }

  void put_back(const std::string& content_of_file) const {
    std::filesystem::remove(file.native() + "-wal");
    std::filesystem::remove(file.native() + "-shm");
    spill(file, content_of_file);
  }

  /// Returns what went wrong; empty if the damage is reported or does no harm.
  std::string outcome_of_use() {
    try {
      {
        auto store = open();
        if (read_all(store) != content) return "something else was read";
        write_some(store);
      }
      auto store = open();
      if (read_all(store) != content) return "something else was read after writing";
    } catch (const util::Error& error) {
      if (error.kind() != util::Kind::storage) return error.what();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }

  void flip(std::size_t bit) {
    CAPTURE(bit);
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    put_back(damaged);
    const auto outcome = outcome_of_use();
    CHECK_MESSAGE(outcome.empty(),
                  "page " << bit / 8 / 4096 + 1 << ", byte " << bit / 8 % 4096 << ": " << outcome);
  }
};

/// Every bit takes minutes, so the unit tests try a part of them.
bool try_all() {
  const char* text = std::getenv("MAILHAUL_TEST_EVERY_BIT");
  return text != nullptr && *text != '\0';
}

}  // namespace

TEST_CASE("damage: a flipped bit in a small database is reported, or does no harm") {
  Sample sample(20);
  for (std::size_t bit = 0; bit < sample.bytes.size() * 8; bit += try_all() ? 1 : 509) sample.flip(bit);
}

TEST_CASE("damage: a flipped bit in a large database is reported, or does no harm") {
  Sample sample(try_all() ? 10'000 : 1000);
  std::mt19937 random(20261127);  // the same bits each time
  const std::size_t bits = sample.bytes.size() * 8;
  for (int i = 0; i < (try_all() ? 1000 : 4); ++i) sample.flip(random() % bits);
}
