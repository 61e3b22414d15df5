// SPDX-License-Identifier: MIT
#include "state/database_file.h"

#include <doctest/doctest.h>

#include "fixture.h"
#include "state/database.h"
#include "support/cpp/time_out.h"
#include "util/process.h"

using namespace mailhaul;
using namespace mailhaul::test;
using util::Kind;

namespace {

/// A database with a thousand rows.
state::MailboxId fill(Place& place) {
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  state::Change change;
  for (state::RowId id = 1; id <= 1000; ++id) change.rows.push_back(delivered_row(id, std::to_string(id)));
  store.commit(mailbox, change);
  return mailbox;
}

util::Error open_error(Place& place) {
  return error_of([&] { (void)place.open(); });
}

void check_damaged(Place& place, const util::Error& error, const std::string& content) {
  CHECK(error.kind() == Kind::storage);
  CHECK(contains(error.what(), "the state database " + place.file.native() + " is damaged: "));
  CHECK(contains(error.hint(), "mv " + place.file.native()));
  CHECK(contains(error.hint(), "mailhaul state mark-seen ACCOUNT --all"));
  CHECK(contains(error.hint(), "mailhaul fetch -a ACCOUNT"));
  CHECK(slurp(place.file) == content);
}

}  // namespace

TEST_CASE("the database, its journal and its folders are private with any umask") {
  for (const mode_t mask : {0U, 022U, 0777U}) {
    Place place;
    place.file = place.dir / "a/b/state.db";
    const mode_t before = ::umask(mask == 0777U ? 0U : mask);
    if (mask == 0777U) {
      std::filesystem::create_directories(place.file.parent_path());
      ::umask(mask);
    }
    auto store = place.open();
    store.mailbox("anna", "h", 0);
    ::umask(before);
    CHECK(mode_of(place.file) == 0600);
    CHECK(mode_of(place.file.native() + "-wal") == 0600);
    CHECK(mode_of(place.file.native() + "-shm") == 0600);
    if (mask != 0777U) {
      CHECK(mode_of(place.dir / "a") == 0700);
      CHECK(mode_of(place.dir / "a/b") == 0700);
    }
  }
}

TEST_CASE("a database that others may read is made private") {
  Place place;
  fill(place);
  std::filesystem::permissions(place.file, std::filesystem::perms{0644});
  (void)place.open();
  CHECK(mode_of(place.file) == 0600);
}

TEST_CASE("a new database leaves nothing else behind") {
  Place place;
  fill(place);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(place.dir.path())) {
    names.push_back(entry.path().filename());
  }
  CHECK(names == std::vector<std::string>{"state.db"});
}

TEST_CASE("a new database is created on a file system without unnamed files, too") {
  Place place;
  state::publish_by_name(place.file);
  const auto content = slurp(place.file);
  CHECK(mode_of(place.file) == 0600);
  SUBCASE("and opens") { CHECK(place.open().mailboxes().empty()); }
  SUBCASE("but never in place of another") {
    spill(place.file, "somebody else's");
    state::publish_by_name(place.file);
    CHECK(slurp(place.file) == "somebody else's");
  }
  std::vector<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(place.dir.path()))
    names.push_back(entry.path());
  CHECK(names == std::vector<std::filesystem::path>{place.file});
}

TEST_CASE("reading the state writes nothing") {
  Place place;
  const auto mailbox = fill(place);
  const auto content = slurp(place.file);
  const auto written = std::filesystem::last_write_time(place.file);
  {
    auto store = place.open();
    CHECK(store.mailbox("anna", "h", 0) == mailbox);
    CHECK(store.rows(mailbox).rows().size() == 1000);
    store.remember(mailbox, store.server(mailbox));
    store.commit(mailbox, {});
    store.note_absent(mailbox, {}, at_day(1));
    CHECK(slurp(place.file.native() + "-wal").empty());
  }
  CHECK(slurp(place.file) == content);
  CHECK(std::filesystem::last_write_time(place.file) == written);
}

TEST_CASE("a damaged database is reported and left as it is") {
  Place place;
  std::string content;
  SUBCASE("garbage") { content = std::string(8192, '?'); }
  SUBCASE("empty") {}
  SUBCASE("cut short") {
    fill(place);
    content = slurp(place.file).substr(0, 3UL * 4096);
  }
  SUBCASE("cut within a page") {
    fill(place);
    content = slurp(place.file).substr(0, 5000);
  }
  SUBCASE("cut within its header") {
    fill(place);
    content = slurp(place.file).substr(0, 50);
  }
  SUBCASE("without its version") {
    fill(place);
    state::Database(place.file, place.writes).execute("PRAGMA user_version = 0");
    content = slurp(place.file);
  }
  spill(place.file, content);
  check_damaged(place, open_error(place), content);
}

TEST_CASE("damage that is noticed later is reported in the same words") {
  Place place;
  const auto mailbox = fill(place);
  std::string content = slurp(place.file);
  for (std::size_t at = 12UL * 4096; at < content.size(); ++at) content[at] = '\x55';
  spill(place.file, content);
  auto store = place.open();
  const auto reading = error_of([&] { (void)store.rows(mailbox); });
  check_damaged(place, reading, content);
  const auto writing = error_of([&] { store.commit(mailbox, {.rows = {delivered_row(999, "x")}}); });
  check_damaged(place, writing, content);
}

TEST_CASE("a row that mailhaul cannot have written is damage") {
  for (const char* spoil :
       {"UPDATE messages SET standing = 9 WHERE id = 5", "UPDATE messages SET content = x'00ff' WHERE id = 5",
        "UPDATE messages SET bytes = bytes + 1 WHERE id = 5"}) {
    CAPTURE(spoil);
    Place place;
    const auto mailbox = fill(place);
    state::Database(place.file, place.writes).execute(spoil);
    const auto content = slurp(place.file);
    {
      auto store = place.open();
      check_damaged(place, error_of([&] { (void)store.row(mailbox, 5); }), content);
      CHECK(store.row(mailbox, 6));
      store.remember(mailbox, {.login_method = "user"});
    }
    CHECK(slurp(place.file) == content);
  }
}

TEST_CASE("a database of a newer version is refused, and left as it is") {
  Place place;
  fill(place);
  state::Database(place.file, place.writes).execute("PRAGMA user_version = 99");
  const auto content = slurp(place.file);
  const auto error = open_error(place);
  CHECK(error.kind() == Kind::storage);
  CHECK(contains(error.what(), "newer mailhaul (its tables have version 99;"));
  CHECK(contains(error.hint(), "--state"));
  CHECK(slurp(place.file) == content);
}

TEST_CASE("another program's database is refused, and left as it is") {
  Place place;
  fill(place);
  state::Database(place.file, place.writes)
      .execute("PRAGMA application_id = 1; PRAGMA journal_mode = DELETE");
  const auto content = slurp(place.file);
  const auto error = open_error(place);
  CHECK(error.kind() == Kind::storage);
  CHECK(contains(error.what(), "another program"));
  CHECK(slurp(place.file) == content);
}

TEST_CASE("a database that was switched to another journal mode is switched back") {
  Place place;
  fill(place);
  state::Database(place.file, place.writes).execute("PRAGMA journal_mode = DELETE");
  (void)place.open();
  CHECK(state::Database(place.file, place.writes).text("PRAGMA journal_mode") == "wal");
}

TEST_CASE("the state database has to be a regular file") {
  Place place;
  SUBCASE("symbolic link to nothing") {
    std::filesystem::create_symlink(place.dir / "nowhere", place.file);
    CHECK(open_error(place).kind() == Kind::config);
    CHECK_FALSE(std::filesystem::exists(place.dir / "nowhere"));
  }
  SUBCASE("directory") {
    std::filesystem::create_directory(place.file);
    CHECK(open_error(place).kind() == Kind::config);
  }
  SUBCASE("FIFO") {
    REQUIRE(::mkfifo(place.file.c_str(), 0600) == 0);
    CHECK(open_error(place).kind() == Kind::config);
  }
}

TEST_CASE("a symbolic link to a database is followed, and the journal is kept beside the database") {
  Place place, target;
  const auto mailbox = fill(target);
  std::filesystem::create_symlink(target.file, place.file);
  auto store = place.open();
  CHECK(store.file() == target.file);
  CHECK(store.find_mailbox("anna", "h", 0) == mailbox);
  store.commit(mailbox, {.rows = {delivered_row(2000, "new")}});
  CHECK(std::filesystem::exists(target.file.native() + "-wal"));
  CHECK_FALSE(std::filesystem::exists(place.file.native() + "-wal"));
}

TEST_CASE("no new database is created beside the journal of a lost one") {
  Place place;
  spill(place.file.native() + "-wal", "old");
  const auto error = open_error(place);
  CHECK(error.kind() == Kind::storage);
  CHECK(contains(error.what(), "is missing, but its journal exists"));
  CHECK(contains(error.hint(), "mv " + place.file.native() + "-wal "));
  CHECK_FALSE(std::filesystem::exists(place.file));
  CHECK(slurp(place.file.native() + "-wal") == "old");
  spill(place.file.native() + "-wal", "");
  CHECK_NOTHROW((void)place.open());
}

TEST_CASE("after the commands in the hint about a damaged database, a new one is created") {
  Place place;
  spill(place.file, std::string(8192, '?'));
  spill(place.file.native() + "-wal", "old");
  const auto error = open_error(place);
  REQUIRE(contains(error.hint(), state::set_aside_command(place.file)));
  const std::vector<std::string> shell{"sh", "-c", state::set_aside_command(place.file)};
  REQUIRE(util::capture(shell, 1000, test::limit, util::Cancel{}).exit.ok());
  CHECK_NOTHROW((void)place.open());
  CHECK(slurp(place.file.native() + ".damaged-wal") == "old");
}

TEST_CASE("a directory or a file without write permission is an error") {
  Place place;
  fill(place);
  constexpr uid_t nobody = 65534;
  const bool root = ::geteuid() == 0;
  const auto kind_as_nobody = [&] {
    return in_child([&] {
      if (root && ::setresuid(nobody, nobody, nobody) != 0) return 97;
      const auto error = open_error(place);
      return contains(error.what(), "denied") ? static_cast<int>(error.kind()) : 96;
    });
  };
  SUBCASE("directory") {
    if (root) REQUIRE(::chown(place.file.c_str(), nobody, nobody) == 0);
    std::filesystem::permissions(place.dir.path(), std::filesystem::perms{0555});
    CHECK(kind_as_nobody() == static_cast<int>(Kind::storage));
  }
  SUBCASE("directory, no database yet") {
    std::filesystem::remove(place.file);
    std::filesystem::permissions(place.dir.path(), std::filesystem::perms{0555});
    CHECK(kind_as_nobody() == static_cast<int>(Kind::cannot_create));
  }
  SUBCASE("file") {
    if (root) REQUIRE(::chown(place.file.c_str(), nobody, nobody) == 0);
    std::filesystem::permissions(place.dir.path(), std::filesystem::perms{0755});
    std::filesystem::permissions(place.file, std::filesystem::perms{0400});
    CHECK(kind_as_nobody() == static_cast<int>(Kind::storage));
  }
  std::filesystem::permissions(place.dir.path(), std::filesystem::perms{0700});
}
