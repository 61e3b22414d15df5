// SPDX-License-Identifier: MIT
// A state database of an older version is migrated when it is opened. version_1.db is a real database of
// version 1; make_version_1.py made it.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "fixture.h"
#include "state/database.h"
#include "state/schema.h"
#include "state/store.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::string_literals;
using state::LandingState;
using state::Standing;
using Standings = std::vector<Standing>;

namespace {

const std::filesystem::path version_1 = std::filesystem::path(__FILE__).parent_path() / "version_1.db";

struct OldPlace : Place {
  OldPlace() {
    std::filesystem::copy_file(version_1, file);
    std::filesystem::permissions(file, std::filesystem::perms{0600});
  }
};

struct Mailboxes {
  state::Store& store;
  state::MailboxId id(std::string_view user) const {
    for (const auto& mailbox : store.mailboxes()) {
      if (mailbox.user == user) return mailbox.id;
    }
    return 0;
  }
  std::vector<state::Row> rows(std::string_view user) const {
    std::vector<state::Row> rows;
    const auto seen = store.rows(id(user));
    for (const auto& row : seen.rows()) rows.push_back(store.row(id(user), row.id).value());
    return rows;
  }
  std::vector<state::Landing> landings(std::string_view user) const { return store.landings(id(user)); }
  std::vector<std::string> told(std::string_view user) const { return store.told(id(user)); }
};

Standings standings(const std::vector<state::Row>& rows) {
  Standings standings;
  for (const auto& row : rows) standings.push_back(row.standing);
  return standings;
}

std::string layout_of(Place& place) {
  return state::Database(place.file, place.writes)
      .text(
          "SELECT group_concat(type || ' ' || name || ' ' || ifnull(sql, ''), char(10)) FROM "
          "(SELECT * FROM sqlite_schema ORDER BY name)");
}

void check_rows(const Mailboxes& old) {
  using enum Standing;
  CHECK(standings(old.rows("delivered")) == Standings{delivered, delivered, delivered, delivered});
  CHECK(standings(old.rows("due")) == Standings{delivered});
  CHECK(standings(old.rows("gone")) == Standings{gone, delivered, gone});
  CHECK(standings(old.rows("seen")) == Standings{seen, seen, seen});
  CHECK(standings(old.rows("pending")) == Standings{pending, pending, delivered});
  CHECK(standings(old.rows("suspect")) == Standings{delivered, delivered, delivered});
  CHECK(standings(old.rows("intent")) == Standings{pending, pending, pending});
  CHECK(standings(old.rows("tried")) == Standings{pending});
  CHECK(standings(old.rows("doubt")) == Standings{pending});
  CHECK(standings(old.rows("part")) == Standings{pending, pending});
  CHECK(old.rows("refused").empty());

  const auto first = old.rows("delivered").front();
  CHECK(first.uidl == "a\xff'\x01 b"s);
  CHECK(first.bytes == 301);
  CHECK_FALSE(first.header);  // version 1 hashed other bytes of the message
  CHECK_FALSE(first.content);
  CHECK(first.delivered);
  CHECK(old.rows("due").front().due);
  CHECK(old.rows("gone").front().gone);
  CHECK_FALSE(old.rows("seen").front().content);
  CHECK(old.rows("pending")[0].told);
}

void check_landings(const Mailboxes& old) {
  const auto intent = old.landings("intent");
  REQUIRE(intent.size() == 3);
  CHECK(intent[0].target.starts_with("maildir:/"));
  CHECK(intent[0].ticket.starts_with("id="));
  CHECK(intent[0].state == LandingState::intent);
  REQUIRE(old.landings("tried").size() == 1);
  CHECK(old.landings("tried")[0].state == LandingState::tried);
  REQUIRE(old.landings("doubt").size() == 1);
  CHECK(old.landings("doubt")[0].state == LandingState::doubt);
  const auto part = old.landings("part");
  REQUIRE(part.size() == 4);
  CHECK(part[0].state == LandingState::delivered);
  CHECK(part[1].state == LandingState::intent);
}

}  // namespace

TEST_CASE("a state database of version 1 keeps its rows and landings") {
  OldPlace place;
  auto store = place.open();
  const Mailboxes old{store};
  check_rows(old);
  check_landings(old);
  CHECK(store.mailboxes().size() == 12);
  CHECK(store.next_row(old.id("delivered")) == 5);
}

TEST_CASE(
    "a row that version 1 marked as suspect has failed once if it is pending, and is in doubt otherwise") {
  OldPlace place;
  auto store = place.open();
  const Mailboxes old{store};
  for (const auto& row : old.rows("suspect")) {
    CHECK(row.suspect);
    CHECK(row.failures == 0);
  }
  for (const auto& row : old.rows("part")) {
    CHECK_FALSE(row.suspect);
    CHECK(row.failures == 1);
  }
  CHECK(old.rows("pending")[0].failures == 0);
  CHECK(old.rows("pending")[1].failures == 1);
  CHECK(old.rows("intent")[0].failures == 0);
}

TEST_CASE("what version 1 recorded about servers is kept") {
  OldPlace place;
  auto store = place.open();
  const Mailboxes old{store};
  CHECK(store.server(old.id("delivered")).login_method == "user");
  CHECK(store.server(old.id("suspect")).one_by_one_until);
  CHECK(store.server(old.id("suspect")).failing_since);
  const auto refused = store.server(old.id("refused"));
  CHECK(refused.refused_logins == 1);
  CHECK(refused.not_before);
  CHECK(refused.login_mark.size() == 16);
}

TEST_CASE("warnings that were given in version 1 are not repeated") {
  OldPlace place;
  auto store = place.open();
  const Mailboxes old{store};
  CHECK(old.told("delivered").empty());
  CHECK(old.told("gone") == std::vector<std::string>{"DELE refused"});
  CHECK(old.told("bare") ==
        std::vector<std::string>{
            "DELE refused",
            "the server has neither UIDL nor TOP: each run retrieves all messages, to tell what is new"});
}

TEST_CASE("the absences that version 1 counted are kept") {
  OldPlace place;
  (void)place.open();
  state::Database database(place.file, place.writes);
  CHECK(database.number("SELECT absent_days FROM messages WHERE mailbox = 1 AND id = 4") == 1);
  CHECK(database.number("SELECT absent_since FROM messages WHERE mailbox = 1 AND id = 4") == 20784);
  CHECK(database.number("SELECT absent_day FROM mailboxes WHERE id = 1") == 20784);
}

TEST_CASE("a process of version 1 that still has the database open cannot write to it after the migration") {
  OldPlace place;
  std::mutex others;
  state::Database old_process(place.file, others);
  CHECK(old_process.number("SELECT count(*) FROM message") == 25);
  auto store = place.open();
  for (const char* sql : {"UPDATE mailbox SET flushes = flushes + 1", "UPDATE message SET standing = 2",
                          "DELETE FROM landing"}) {
    CHECK(error_of([&] { old_process.execute(sql); }).kind() == util::Kind::storage);
  }
  check_rows({store});
  check_landings({store});
}

TEST_CASE("a migrated state database has the tables of a new one") {
  OldPlace old;
  Place fresh;
  (void)old.open();
  (void)fresh.open();
  CHECK(layout_of(old) == layout_of(fresh));
  state::Database database(old.file, old.writes);
  CHECK(database.number("PRAGMA user_version") == state::schema_version);
  CHECK(database.text("PRAGMA integrity_check") == "ok");
  CHECK(database.text("PRAGMA foreign_key_check").empty());
}

TEST_CASE("a state database of version 2 keeps its rows, and loses the hashes of other bytes") {
  Place place;
  state::MailboxId mailbox = 0;
  {
    auto store = place.open();
    mailbox = store.mailbox("anna", "here", 0);
    const auto hash = util::sha256("some bytes");
    state::Row row{.id = store.next_row(mailbox), .standing = Standing::delivered, .uidl = "A", .bytes = 17};
    row.header = row.content = hash;
    row.suspect = true;
    store.commit(mailbox, {.rows = {row}});
  }
  state::Database(place.file, place.writes)
      .execute(
          "ALTER TABLE mailboxes DROP COLUMN sizes_are_off; ALTER TABLE messages DROP COLUMN remade;"
          "ALTER TABLE messages DROP COLUMN received_bytes; DROP TABLE runs;"
          "ALTER TABLE mailboxes DROP COLUMN told_status; PRAGMA user_version = 2");
  for (int time = 0; time < 2; ++time) {
    auto store = place.open();
    CHECK_FALSE(store.server(mailbox).sizes_are_off);
    REQUIRE(store.rows(mailbox).rows().size() == 1);
    const auto row = store.row(mailbox, 1).value();
    CHECK(row.uidl == "A");
    CHECK(row.bytes == 17);
    CHECK(row.suspect);
    CHECK_FALSE(row.header);
    CHECK_FALSE(row.content);
    CHECK(row.received_bytes == 0);
  }
}

TEST_CASE("a state database of version 4 keeps how the last runs ended") {
  Place place;
  const state::LastRun run{.ended = at_day(2), .status = 75, .error = "e", .listed = 3, .refusing = "mda:x"};
  {
    auto store = place.open();
    store.note_run(store.mailbox("anna", "here", 0), run);
  }
  state::Database(place.file, place.writes)
      .execute(
          "ALTER TABLE runs DROP COLUMN certificate_until;"
          "ALTER TABLE mailboxes DROP COLUMN told_status; PRAGMA user_version = 4");
  auto store = place.open();
  CHECK(store.last_run(store.mailbox("anna", "here", 0)) == run);
}

TEST_CASE("a migration that is killed or cannot write leaves the old state database or the new one") {
  bool migrated = false;
  for (rlim_t limit = 20'000; !migrated; limit += 1'500) {
    for (const bool killed : {true, false}) {
      CAPTURE(limit);
      CAPTURE(killed);
      OldPlace place;
      const int status = in_child([&] {
        std::signal(SIGXFSZ, killed ? SIG_DFL : SIG_IGN);
        const rlimit no_core{0, 0};
        const rlimit most{limit, limit};
        if (::setrlimit(RLIMIT_CORE, &no_core) != 0 || ::setrlimit(RLIMIT_FSIZE, &most) != 0) return 1;
        const auto error = error_of([&] { (void)place.open(); });
        if (error.kind() == util::Kind::usage) return 0;
        return error.kind() == util::Kind::storage ? 2 : 3;
      });
      CHECK((status == 0 || status == (killed ? -1 : 2)));
      migrated = status == 0;
      state::Database database(place.file, place.writes);
      const auto version = database.number("PRAGMA user_version");
      CHECK((version == state::schema_version || (version == 1 && !migrated)));
      CHECK(database.text("PRAGMA integrity_check") == "ok");
      auto store = place.open();
      check_rows({store});
      check_landings({store});
    }
  }
}
