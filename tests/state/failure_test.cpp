// SPDX-License-Identifier: MIT
// Other writers, kills, and write errors.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "fixture.h"
#include "state/database.h"
#include "state/instance.h"
#include "state/store.h"
#include "state/transaction.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::chrono_literals;
using state::Change;
using state::Database;
using state::Durability;
using state::Row;
using state::Transaction;
using util::Kind;

TEST_CASE("two threads, each with its own store, write to one database") {
  constexpr int commits = 60;
  Place place;
  std::mutex strangers;
  for (std::mutex* second : {&place.writes, &strangers}) {  // like two accounts, and like two processes
    const auto work = [&](std::mutex& writes, const char* user) {
      state::Store store(place.file, writes);
      const auto mailbox = store.mailbox(user, "h", 0);
      for (int i = 0; i < commits; ++i) {
        const auto row = store.next_row(mailbox);
        const auto durability = i % 3 == 0 ? Durability::synced : Durability::unsynced;
        store.commit(mailbox, {.rows = {delivered_row(row, std::to_string(row))}}, durability);
      }
    };
    auto other = std::async(std::launch::async, work, std::ref(*second), "bert");
    work(place.writes, "anna");
    CHECK_NOTHROW(other.get());
  }
  auto store = place.open();
  CHECK(store.mailboxes().size() == 2);
  for (const auto& mailbox : store.mailboxes()) CHECK(store.rows(mailbox.id).rows().size() == 2UL * commits);
}

TEST_CASE("two processes that start at once share one database") {
  Place place;
  std::array<std::thread, 4> openers;
  std::array<std::string, 4> instances;
  for (std::size_t i = 0; i < openers.size(); ++i) {
    openers[i] = std::thread([&, i] { instances[i] = state::Store(place.file, place.writes).instance(); });
  }
  for (auto& opener : openers) opener.join();
  for (const auto& instance : instances) CHECK(instance == instances[0]);
  CHECK(instances[0].size() == 8);
}

TEST_CASE("a process that starts while another writes the instance name sees a whole one") {
  Place place;
  place.open();
  std::mutex others;  // the mutex of another process
  state::Database writer(place.file, place.writes);
  state::Database reader(place.file, others);
  std::atomic<bool> done = false;
  auto writing = std::async(std::launch::async, [&] {
    for (int i = 0; i < 300; ++i) {
      CHECK(state::instance_on(writer, "machine " + std::to_string(i)).size() == 8);
    }
    done = true;
  });
  const auto read_all = [&] {
    for (int i = 0; i < 100000 && !done; ++i) CHECK(state::instance_on(reader, "").size() == 8);
  };
  CHECK_NOTHROW(read_all());
  CHECK_NOTHROW(writing.get());
}

TEST_CASE("a commit that has returned survives kill -9, synced or not") {
  for (const auto durability : {Durability::synced, Durability::unsynced}) {
    Place place;
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        auto store = place.open();
        const auto mailbox = store.mailbox("anna", "h", 0);
        for (state::RowId id = 1;; ++id) {
          store.commit(mailbox, {.rows = {delivered_row(id, std::to_string(id))}}, durability);
          if (::write(ends[1], "+", 1) != 1) break;
        }
      } catch (...) {
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    std::size_t reported = 0;
    char byte = 0;
    while (reported < 40 && ::read(ends[0], &byte, 1) == 1) ++reported;
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    while (::read(ends[0], &byte, 1) == 1) ++reported;
    ::close(ends[0]);
    auto store = place.open();
    const auto rows = store.rows(store.find_mailbox("anna", "h", 0).value()).rows().size();
    CHECK(rows >= reported);
    CHECK(rows <= reported + 1);
    CHECK(store.next_row(1) == static_cast<state::RowId>(rows) + 1);
  }
}

TEST_CASE("a store whose commit failed is not used again") {
  Place place;
  const int status = in_child([&] {
    auto store = place.open();
    const auto mailbox = store.mailbox("anna", "h", 0);
    store.commit(mailbox, {.rows = {delivered_row(1, "kept")}});
    std::signal(SIGXFSZ, SIG_IGN);
    const auto size = std::filesystem::file_size(place.file.native() + "-wal");
    const rlimit limit{size + 5000, size + 5000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    Change change;
    for (state::RowId id = 2; id < 200; ++id) change.rows.push_back(delivered_row(id, std::to_string(id)));
    const auto failure = error_of([&] { store.commit(mailbox, change); });
    if (failure.kind() != Kind::storage || !contains(failure.what(), "File too large")) return 2;
    const std::array<std::function<void()>, 9> calls{
        [&] { store.commit(mailbox, {}); },     [&] { store.commit(mailbox, {.rows = {Row{.id = 5}}}); },
        [&] { (void)store.rows(mailbox); },     [&] { (void)store.row(mailbox, 1); },
        [&] { (void)store.landings(mailbox); }, [&] { (void)store.next_row(mailbox); },
        [&] { (void)store.server(mailbox); },   [&] { store.note_absent(mailbox, {}, at_day(1)); },
        [&] { (void)store.mailboxes(); }};
    for (const auto& call : calls) {
      const auto error = error_of(call);
      if (error.kind() != Kind::storage || !contains(error.what(), "cannot be used after a failure"))
        return 3;
      if (!contains(error.what(), "File too large")) return 4;
    }
    return 0;
  });
  CHECK(status == 0);
  auto store = place.open();
  const auto seen = store.rows(store.find_mailbox("anna", "h", 0).value());
  REQUIRE(seen.rows().size() == 1);
  CHECK(seen.rows()[0].uidl == "kept");
}

TEST_CASE("a full disk while the database is created leaves none") {
  Place place;
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{5000, 5000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    return error_of([&] { (void)place.open(); }).kind() == Kind::storage ? 0 : 2;
  });
  CHECK(status == 0);
  CHECK(std::filesystem::is_empty(place.dir.path()));
  CHECK_NOTHROW((void)place.open());
}

TEST_CASE("a writer that has waited too long gives up and may try again") {
  Place place;
  (void)place.open();
  std::mutex strangers;
  Database holder(place.file, strangers);
  Database waiting(place.file, place.writes, 0ms);
  {
    Transaction held(holder, Durability::synced);
    const auto error = error_of([&] { Transaction transaction(waiting, Durability::synced); });
    CHECK(error.kind() == Kind::temporary);
    CHECK(contains(error.what(), "locked"));
    CHECK_FALSE(error.hint().empty());
    held.commit();
  }
  CHECK_NOTHROW(Transaction(waiting, Durability::synced).commit());
}

TEST_CASE("a writer waits until the other one is done") {
  Place place;
  auto store = place.open();
  const auto mailbox = store.mailbox("anna", "h", 0);
  std::mutex strangers;
  Database holder(place.file, strangers);
  auto held = std::make_unique<Transaction>(holder, Durability::synced);
  auto writer =
      std::async(std::launch::async, [&] { store.commit(mailbox, {.rows = {delivered_row(1, "a")}}); });
  // Wait until the writer holds the mutex of this process; only then does it wait for other processes.
  while (writer.wait_for(0ms) != std::future_status::ready && place.writes.try_lock()) {
    place.writes.unlock();
    std::this_thread::yield();
  }
  CHECK(writer.wait_for(20ms) == std::future_status::timeout);  // the lock is held
  held->commit();
  held.reset();
  CHECK_NOTHROW(writer.get());
  CHECK(store.row(mailbox, 1));
}

TEST_CASE("a transaction that is abandoned rolls back and makes the connection unusable") {
  Place place;
  (void)place.open();
  Database database(place.file, place.writes);
  {
    Transaction transaction(database, Durability::unsynced);
    database.execute("INSERT INTO mailboxes (user, host, port) VALUES ('a', 'b', 0)");
  }
  CHECK(error_of([&] { (void)database.number("SELECT 1"); }).kind() == Kind::storage);
  Database again(place.file, place.writes);
  CHECK(again.number("SELECT count(*) FROM mailboxes") == 0);
}

TEST_CASE("each transaction has the durability that it was given") {
  Place place;
  (void)place.open();
  Database database(place.file, place.writes);
  CHECK(database.number("PRAGMA synchronous") == 2);
  Transaction(database, Durability::unsynced).commit();
  CHECK(database.number("PRAGMA synchronous") == 1);
  Transaction(database, Durability::synced).commit();
  CHECK(database.number("PRAGMA synchronous") == 2);
  CHECK(database.number("PRAGMA foreign_keys") == 1);
}
