// SPDX-License-Identifier: MIT
#include "state/inspect.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fixture.h"
#include "state/store.h"

namespace {

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::chrono_literals;

std::vector<std::string> names_beside(const util::Path& file) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path()))
    names.push_back(entry.path().filename().native());
  std::ranges::sort(names);
  return names;
}

TEST_CASE("a look at the database sees what the last run left, and creates nothing beside it") {
  Place place;
  {
    state::Store store(place.file, place.writes);
    const auto mailbox = store.mailbox("anna", "pop.example.org", 0);
    store.remember(mailbox, {.refused_logins = 3, .not_before = state::Time(1'000s), .login_mark = "x"});
    const auto another = store.mailbox("berta", "pop.example.org", 0);
    store.remember(another, {.not_before = state::Time(1'000s)});  // a LOGIN-DELAY
  }
  const auto before = names_beside(place.file);
  const auto found = state::inspect(place.file);
  CHECK(found.exists);
  CHECK(!found.has_journal);
  CHECK(found.bytes == std::filesystem::file_size(place.file));
  REQUIRE(found.mailboxes.size() == 2);
  CHECK(found.mailboxes[0].user == "anna");
  CHECK(found.mailboxes[0].host == "pop.example.org");
  CHECK(found.mailboxes[0].refused_logins == 3);
  CHECK(found.mailboxes[0].not_before == state::Time(1'000s));
  CHECK(!found.mailboxes[1].not_before);
  CHECK(names_beside(place.file) == before);
}

TEST_CASE("a database that is in use is not read, because its journal has the rest") {
  Place place;
  state::Store store(place.file, place.writes);
  store.mailbox("anna", "pop.example.org", 0);
  const auto found = state::inspect(place.file);
  CHECK(found.has_journal);
  CHECK(found.mailboxes.empty());
}

TEST_CASE("a path with characters of a URI is still that path") {
  const TempDir directory;
  const auto file = directory / "a?b#c%20d.db";
  std::mutex writes;
  { const state::Store store(file, writes); }
  CHECK(state::inspect(file).exists);
  CHECK(names_beside(file) == std::vector<std::string>{"a?b#c%20d.db"});
}

TEST_CASE("the hint about a journal without its database has the command that moves the journal away") {
  const TempDir directory;
  const auto file = directory / "state.db";
  std::ofstream(file.native() + "-wal").put('x');
  const auto error = error_of([&] { static_cast<void>(state::inspect(file)); });
  CHECK(error.kind() == util::Kind::storage);
  CHECK(contains(error.what(), "is missing, but its journal exists"));
  CHECK(contains(error.hint(), "mv " + file.native() + "-wal " + file.native() + "-wal.old"));
}

TEST_CASE("a missing database is reported as missing, a damaged one is an error") {
  const TempDir directory;
  CHECK(!state::inspect(directory / "none/state.db").exists);
  const auto file = directory / "state.db";
  std::ofstream(file).put('x');
  CHECK_THROWS_AS(static_cast<void>(state::inspect(file)), util::Error);
}

}  // namespace
