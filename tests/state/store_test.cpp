// SPDX-License-Identifier: MIT
#include "state/store.h"

#include <doctest/doctest.h>

#include "fixture.h"
#include "state/database.h"
#include "state/instance.h"
#include "util/host.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::string_literals;
using state::Durability;
using state::Landing;
using state::LandingState;
using state::Row;
using state::Standing;
using util::Kind;

TEST_CASE("a mailbox is created once and identified by user, host and port") {
  Place place;
  auto store = place.open();
  CHECK_FALSE(store.find_mailbox("anna", "mail.example.org", 0));
  const auto anna = store.mailbox("anna", "mail.example.org", 0);
  const auto bert = store.mailbox("bert", "mail.example.org", 0);
  CHECK(anna != bert);
  const auto local = store.mailbox("anna", "localhost", 110);
  CHECK(store.mailbox("anna", "localhost", 1110) != local);
  CHECK(store.mailbox("anna", "mail.example.org", 0) == anna);
  CHECK(store.find_mailbox("bert", "mail.example.org", 0) == bert);
  const auto all = store.mailboxes();
  REQUIRE(all.size() == 4);
  CHECK(all[1].id == bert);
  CHECK(all[1].user == "bert");
  CHECK(all[1].host == "mail.example.org");
  CHECK(all[1].port == 0);
  CHECK(all[3].port == 1110);
}

TEST_CASE("a row is read as it was written, also after the database was closed") {
  Place place;
  const Row whole = test::full_row();
  state::MailboxId mailbox = 0;
  {
    auto store = place.open();
    mailbox = store.mailbox("anna", "h", 0);
    store.commit(mailbox, {.rows = {whole, Row{.id = 8}}});
  }
  auto store = place.open();
  const auto row = store.row(mailbox, 7);
  REQUIRE(row);
  CHECK(row->standing == Standing::gone);
  CHECK(row->uidl == whole.uidl);
  CHECK(row->bytes == whole.bytes);
  CHECK(row->header == whole.header);
  CHECK(row->content == whole.content);
  CHECK(row->ordinal == 3);
  CHECK(row->delivered == whole.delivered);
  CHECK(row->gone == whole.gone);
  CHECK(row->due == whole.due);
  CHECK(row->suspect);
  CHECK(row->failures == 7);
  CHECK(row->told);
  const auto bare = store.row(mailbox, 8);
  REQUIRE(bare);
  CHECK(bare->standing == Standing::pending);
  CHECK(bare->uidl.empty());
  CHECK_FALSE(bare->header);
  CHECK_FALSE(bare->content);
  CHECK_FALSE(bare->delivered);
  CHECK_FALSE(bare->due);
  CHECK_FALSE(store.row(mailbox, 9));
  CHECK_FALSE(store.row(mailbox + 1, 7));
}

TEST_CASE("a message that is finally delivered has no failures left") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  store.commit(mailbox, {.rows = {Row{.id = 1, .failures = 3}}});
  store.commit(mailbox, {.delivered = {{.row = 1, .when = at_day(1)}}});
  CHECK(store.row(mailbox, 1)->standing == Standing::delivered);
  CHECK(store.row(mailbox, 1)->failures == 0);
}

TEST_CASE("a landing is kept until its row is settled, and replaced by one of its row and target") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  const Landing maildir{
      .row = 1, .target = "maildir:/m", .ticket = "t\0\xff"s, .state = LandingState::intent};
  const Landing mda{.row = 1, .target = "mda:x", .ticket = "", .state = LandingState::intent};
  const Landing other{.row = 2, .target = "maildir:/m", .ticket = "u", .state = LandingState::doubt};
  store.commit(mailbox, {.rows = {Row{.id = 1}, Row{.id = 2}}, .landings = {other, mda, maildir}});
  REQUIRE(store.landings(mailbox).size() == 3);
  CHECK(store.landings(mailbox)[2].row == 2);
  CHECK(store.landings(mailbox)[2].state == LandingState::doubt);
  CHECK(store.landings_of(mailbox, 1)[0].ticket == maildir.ticket);

  SUBCASE("written twice in one change, with its row") {
    auto again = other;
    again.row = 3;
    store.commit(mailbox, {.rows = {Row{.id = 3}, Row{.id = 3}}, .landings = {again, mda, again}});
    CHECK(store.landings(mailbox).size() == 4);
    CHECK(store.rows(mailbox).rows().size() == 3);
  }
  SUBCASE("listed for all mailboxes until they are delivered") {
    const auto bert = store.mailbox("bert", "h", 0);
    auto done = maildir;
    done.state = LandingState::delivered;
    store.commit(bert, {.rows = {Row{.id = 1}}, .landings = {done, mda}});
    CHECK(store.unfinished_landings().size() == 4);
    CHECK(store.unfinished_landings()[3].target == mda.target);
  }
  SUBCASE("replaced") {
    store.commit(mailbox,
                 {.landings = {{.row = 1, .target = "mda:x", .ticket = "v", .state = LandingState::tried}}});
    const auto of_first = store.landings_of(mailbox, 1);
    REQUIRE(of_first.size() == 2);
    CHECK(of_first[1].ticket == "v");
    CHECK(of_first[1].state == LandingState::tried);
  }
  SUBCASE("not lost when their row is written again") {
    store.commit(mailbox, {.rows = {delivered_row(1, "x")}});
    CHECK(store.landings_of(mailbox, 1).size() == 2);
  }
  SUBCASE("settled") {
    store.commit(mailbox, {.without_landings = {1}});
    REQUIRE(store.landings(mailbox).size() == 1);
    CHECK(store.landings(mailbox)[0].row == 2);
    CHECK(store.row(mailbox, 1));
  }
  SUBCASE("forgotten with their row") {
    store.commit(mailbox, {.forgotten = {1}});
    CHECK(store.landings_of(mailbox, 1).empty());
    CHECK_FALSE(store.row(mailbox, 1));
    CHECK(store.row(mailbox, 2));
  }
}

TEST_CASE("of many rows exactly the landings of those that are complete are removed") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  const auto other_mailbox = store.mailbox("bert", "h", 0);
  state::Change begun;
  for (state::RowId id = 1; id <= 9; ++id) {
    begun.rows.push_back({.id = id, .uidl = "u" + std::to_string(id), .header = hash_of("h")});
    begun.landings.push_back({.row = id, .target = "maildir:/a", .ticket = "t"});
    begun.landings.push_back({.row = id, .target = "maildir:/b", .ticket = "t"});
  }
  store.commit(mailbox, begun);
  store.commit(other_mailbox, begun);
  // The rows are in no order: row 2 occurs twice, row 3 in two lists, and row 99 does not exist.
  store.commit(mailbox, {.delivered = {{.row = 7, .when = at_day(1)},
                                       {.row = 1, .when = at_day(1)},
                                       {.row = 2, .when = at_day(1)},
                                       {.row = 99, .when = at_day(1)},
                                       {.row = 3, .when = at_day(1)},
                                       {.row = 2, .when = at_day(2)}},
                         .suspected = {9},
                         .without_landings = {8, 3, 5}});
  std::vector<state::RowId> left;
  for (const auto& landing : store.landings(mailbox)) left.push_back(landing.row);
  CHECK(left == std::vector<state::RowId>{4, 4, 6, 6, 9, 9});
  CHECK(store.landings(other_mailbox).size() == 18);
  CHECK(store.row(mailbox, 2)->delivered == at_day(2));
  CHECK(store.row(mailbox, 2)->header == hash_of("h"));
  CHECK(store.row(mailbox, 8)->standing == Standing::pending);
  CHECK(store.row(mailbox, 9)->suspect);
  CHECK(store.rows(mailbox).rows().size() == 9);
}

TEST_CASE("the id of a row is never used again") {
  Place place;
  state::MailboxId mailbox = 0;
  {
    auto store = place.open();
    mailbox = store.mailbox("anna", "h", 0);
    CHECK(store.next_row(mailbox) == 1);
    CHECK(store.next_row(mailbox) == 2);
    store.commit(mailbox, {.rows = {Row{.id = 1}, Row{.id = 2}}});
    CHECK(store.next_row(mailbox) == 3);
    CHECK(store.next_row(store.mailbox("bert", "h", 0)) == 1);
    store.commit(mailbox, {.forgotten = {2, 1}});
  }
  auto store = place.open();
  CHECK(store.next_row(mailbox) == 3);
}

TEST_CASE("rows are found by header and size, and by content") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  auto first = delivered_row(1, "a");
  auto second = delivered_row(2, "b");
  second.header = first.header;
  second.content = first.content;
  second.standing = Standing::seen;
  auto gone = first;
  gone.id = 3;
  gone.standing = Standing::gone;
  store.commit(mailbox, {.rows = {first, second, gone}});
  const auto ids = [](const std::vector<Row>& rows) {
    std::vector<state::RowId> found;
    for (const auto& row : rows) found.push_back(row.id);
    return found;
  };
  CHECK(ids(store.rows_with_header(mailbox, *first.header, first.bytes)) == std::vector<state::RowId>{1, 3});
  CHECK(ids(store.rows_with_header(mailbox, *first.header, second.bytes)) == std::vector<state::RowId>{2});
  CHECK(store.rows_with_header(mailbox, *first.header, 5).empty());
  CHECK(store.rows_with_header(mailbox, *first.content, first.bytes).empty());
  CHECK(ids(store.rows_with_content(mailbox, *first.content)) == std::vector<state::RowId>{1, 2});

  SUBCASE("written after the first query") {
    auto fourth = delivered_row(4, "d");
    fourth.content = first.content;
    store.commit(mailbox, {.rows = {fourth}});
    CHECK(ids(store.rows_with_content(mailbox, *first.content)) == std::vector<state::RowId>{1, 2, 4});
    CHECK(store.rows_with_header(mailbox, *fourth.header, fourth.bytes).size() == 1);
  }
  SUBCASE("written with another hash, or deleted, after the first query") {
    first.content = hash_of("another");
    store.commit(mailbox, {.rows = {first}, .forgotten = {2}});
    CHECK(store.rows_with_content(mailbox, hash_of("content 1")).empty());
    CHECK(ids(store.rows_with_content(mailbox, hash_of("another"))) == std::vector<state::RowId>{1});
  }
  SUBCASE("in their own mailbox only") {
    const auto other = store.mailbox("bert", "h", 0);
    CHECK(store.rows_with_content(other, *first.content).empty());
    CHECK(store.rows_with_content(mailbox, *first.content).size() == 2);
  }
}

TEST_CASE("what is recorded about a server can be read again") {
  Place place;
  const state::Server server{.login_method = "sasl:PLAIN",
                             .one_by_one_until = at_day(7),
                             .sizes_are_off = true,
                             .border_breaks = 2,
                             .refused_logins = 3,
                             .not_before = at_day(1),
                             .login_mark = "mark",
                             .failing_since = at_day(0),
                             .trouble_told = at_day(1),
                             .told_status = 76};
  state::MailboxId mailbox = 0;
  {
    auto store = place.open();
    mailbox = store.mailbox("anna", "h", 0);
    CHECK(store.server(mailbox) == state::Server{});
    store.remember(mailbox, server);
  }
  auto store = place.open();
  CHECK(store.server(mailbox) == server);
  store.remember(mailbox, {});
  CHECK(store.server(mailbox) == state::Server{});
}

TEST_CASE("a warning counts as told only if the whole text was told") {
  Place place;
  state::MailboxId mailbox = 0;
  {
    auto store = place.open();
    mailbox = store.mailbox("anna", "h", 0);
    CHECK(store.told(mailbox).empty());
    store.note_told(mailbox, std::vector<std::string>{"the disk is full", "once"});
    store.note_told(mailbox, std::vector<std::string>{"once"});
  }
  auto store = place.open();
  CHECK(store.told(mailbox) == std::vector<std::string>{"once", "the disk is full"});
  CHECK(store.told(store.mailbox("bert", "h", 0)).empty());
  const auto journal = slurp(place.file.native() + "-wal");
  store.note_told(mailbox, {});
  CHECK(slurp(place.file.native() + "-wal") == journal);
}

TEST_CASE("values that are already recorded are not written again") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  store.remember(mailbox, {.login_method = "apop"});
  const auto journal = slurp(place.file.native() + "-wal");
  store.remember(mailbox, {.login_method = "apop"});
  CHECK(slurp(place.file.native() + "-wal") == journal);
  store.remember(mailbox, {.login_method = "user"});
  CHECK(slurp(place.file.native() + "-wal") != journal);
}

TEST_CASE("an empty change writes nothing, unless earlier commits have to be made durable") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  auto journal = slurp(place.file.native() + "-wal");
  store.commit(mailbox, {});
  CHECK(slurp(place.file.native() + "-wal") == journal);
  store.commit(mailbox, {.rows = {Row{.id = 1}}}, Durability::unsynced);
  journal = slurp(place.file.native() + "-wal");
  store.commit(mailbox, {}, Durability::unsynced);
  CHECK(slurp(place.file.native() + "-wal") == journal);
  store.commit(mailbox, {});
  CHECK(slurp(place.file.native() + "-wal").size() > journal.size());
  journal = slurp(place.file.native() + "-wal");
  store.commit(mailbox, {});
  CHECK(slurp(place.file.native() + "-wal") == journal);
}

TEST_CASE("a flush makes durable, once, what an earlier process may not have flushed") {
  Place place;
  auto before = place.open();
  const auto mailbox = before.mailbox("anna", "h", 0);
  before.commit(mailbox, {.rows = {Row{.id = 1}}});
  auto store = place.open();
  auto journal = slurp(place.file.native() + "-wal");
  store.flush(mailbox);
  CHECK(slurp(place.file.native() + "-wal").size() > journal.size());
  journal = slurp(place.file.native() + "-wal");
  store.flush(mailbox);
  CHECK(slurp(place.file.native() + "-wal") == journal);
}

TEST_CASE("the instance has eight letters or digits and stays the same on one machine") {
  Place place;
  const std::string instance = place.open().instance();
  CHECK(instance.size() == 8);
  CHECK(instance.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
  CHECK(place.open().instance() == instance);
  Place other;
  CHECK(other.open().instance() != instance);
  state::Database database(place.file, place.writes);
  const std::string elsewhere = state::instance_on(database, "another machine");
  CHECK(elsewhere != instance);
  CHECK(state::instance_on(database, "") == elsewhere);
  const std::string back = place.open().instance();
  CHECK((back == elsewhere) == util::machine_id().empty());
  CHECK(place.open().instance() == back);
}

TEST_CASE("a change that the tables do not allow is a bug, and the store cannot be used after it") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  const Landing without_row{.row = 5, .target = "x", .ticket = "y", .state = LandingState::intent};
  const auto call = [&] { store.commit(mailbox, {.rows = {Row{.id = 1}}, .landings = {without_row}}); };
  CHECK(error_of(call).kind() == Kind::internal);
  CHECK(error_of([&] { (void)store.rows(mailbox); }).kind() == Kind::storage);
  auto again = place.open();
  CHECK_FALSE(again.row(mailbox, 1));
}

TEST_CASE("the last run of a mailbox is read as it was written, and replaced by the next") {
  Place place;
  const state::LastRun run{.ended = at_day(3),
                           .asked = at_day(2),
                           .succeeded = at_day(1),
                           .mail = at_day(0),
                           .failing_since = at_day(2),
                           .status = 75,
                           .error = "a",
                           .hint = "b",
                           .listed = 3,
                           .waiting = 2,
                           .waiting_bytes = std::uint64_t{1} << 40,
                           .certificate_until = at_day(9),
                           .refusing = "c\nd"};
  {
    auto store = place.open();
    const auto mailbox = store.mailbox("anna", "h", 0);
    CHECK_FALSE(store.last_run(mailbox));
    store.note_run(mailbox, {.ended = at_day(1)});
    store.note_run(mailbox, run);
  }
  auto store = place.open();
  CHECK(store.last_run(store.mailbox("anna", "h", 0)) == run);
  CHECK_FALSE(store.last_run(store.mailbox("bert", "h", 0)));
}
