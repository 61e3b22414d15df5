// SPDX-License-Identifier: MIT
// What happens in a second thread: a batch is settled while the next one arrives, and a large mailbox's rows
// are read while the server is asked for its listing.
#include <doctest/doctest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "fixture.h"
#include "state/store.h"
#include "support/cpp/time_out.h"

using namespace mailhaul;
using test::body_of;
using test::Household;
using test::mail_of;
using Bodies = std::vector<std::string>;

namespace {

/// Counts the calls of a run's destinations, and can act in the middle of them. Two threads call it.
struct Watch {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t begun = 0, staged = 0, published = 0;  ///< calls so far
  std::function<void()> staging = [] {};             ///< called before stage()
  std::function<void()> publishing = [] {};          ///< called after publish()

  template <typename Count>
  void count(Count member) {
    const std::lock_guard lock(mutex);
    ++(this->*member);
    changed.notify_all();
  }
  /// Returns false if `reached` did not become true in time.
  bool wait_for(const std::function<bool()>& reached) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, test::limit, reached);
  }
};

/// A destination whose batches have two messages.
struct BatchesOfTwo : test::ForwardingDestination {
  Watch& watch;
  delivery::Traits batches_of_two;
  explicit BatchesOfTwo(Watch& watch_) : watch(watch_) {}
  const delivery::Traits& traits() const noexcept override { return batches_of_two; }
  std::unique_ptr<delivery::Writer> begin(const delivery::Envelope& envelope, std::uint64_t bytes) override {
    watch.count(&Watch::begun);
    return ForwardingDestination::begin(envelope, bytes);
  }
  void stage(std::span<delivery::Ticket> tickets) override {
    watch.count(&Watch::staged);
    watch.staging();
    ForwardingDestination::stage(tickets);
  }
  std::vector<delivery::DeliveryResult> publish(std::span<const delivery::Ticket> tickets) override {
    auto results = ForwardingDestination::publish(tickets);
    watch.count(&Watch::published);
    watch.publishing();
    return results;
  }
};

struct BatchHousehold : Household {
  Watch watch;
  explicit BatchHousehold(int messages) {
    for (int n = 1; n <= messages; ++n) server.messages.push_back(mail_of(n));
    environment.open = [this](const delivery::Spec& spec, const delivery::RunContext& context) {
      auto destination = std::make_unique<BatchesOfTwo>(watch);
      destination->inner = delivery::open(spec, context);
      destination->batches_of_two = destination->inner->traits();
      destination->batches_of_two.batch = 2;
      return destination;
    };
  }
  Bodies all(int count) const {
    Bodies bodies;
    for (int n = 1; n <= count; ++n) bodies.push_back(body_of(n));
    std::ranges::sort(bodies);
    return bodies;
  }
};

}  // namespace

TEST_CASE("the next batch arrives while one is being settled") {
  for (const std::string kind : {"maildir", "mbox"}) {
    CAPTURE(kind);
    BatchHousehold house(9);
    house.deliver_to(kind);
    bool overlapped = false;
    house.watch.staging = [&] {
      if (house.watch.staged != 1) return;
      overlapped = house.watch.wait_for([&] { return house.watch.begun > 2; });
    };
    const auto outcome = house.run();
    CHECK_FALSE(outcome.error);
    CHECK(overlapped);
    CHECK(outcome.totals.fetched == 9);
    CHECK(house.server.messages.empty());
    if (kind == "maildir") CHECK(house.mail() == house.all(9));
    if (kind == "mbox") CHECK(test::slurp(house.dir / "mbox").find("body 9") != std::string::npos);
    CHECK(house.run().totals.fetched == 0);
  }
}

TEST_CASE("both places of a message are settled together while the next batch arrives") {
  BatchHousehold house(7);
  house.account.deliver.push_back(test::place("mbox", house.dir / "box"));
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == house.all(7));
  const auto box = test::slurp(house.dir / "box");
  for (int n = 1; n <= 7; ++n) {
    const auto body = "\n" + body_of(n) + "\n";
    CHECK(box.find(body) != std::string::npos);
    CHECK(box.find(body) == box.rfind(body));
  }
  CHECK(house.server.messages.empty());
}

TEST_CASE("if a batch cannot be flushed, it and the one that arrives meanwhile stay on the server") {
  BatchHousehold house(6);
  house.watch.staging = [&] {
    if (!house.watch.wait_for([&] { return house.watch.begun > 2; })) return;
    throw util::Error(util::Kind::storage, "the disk is on fire");
  };
  const auto outcome = house.run();
  REQUIRE(outcome.error);
  CHECK(std::string(outcome.error->what()) == "the disk is on fire");
  CHECK(engine::status_of(outcome) == 74);
  CHECK(house.mail().empty());
  CHECK(house.server.messages.size() == 6);
  CHECK(house.watch.staged == 1);
  house.watch.staging = [] {};
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == house.all(6));
  CHECK(house.left_in_tmp() == 0);
}

TEST_CASE(
    "the next run completes a batch that failed after it was published, and fetches the one behind it "
    "again") {
  BatchHousehold house(6);
  house.watch.publishing = [] { throw util::Error(util::Kind::storage, "the directory cannot be flushed"); };
  CHECK(engine::status_of(house.run()) == 74);
  CHECK(house.mail() == house.all(2));
  CHECK(house.watch.published == 1);
  CHECK(house.server.messages.size() == 6);
  house.watch.publishing = [] {};
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == house.all(6));
  CHECK(house.server.messages.empty());
}

TEST_CASE("a batch that is being settled when the connection is lost is still settled") {
  BatchHousehold house(6);
  bool lost = false;
  house.server.misbehave = [&](const std::string& command,
                               std::size_t) -> std::optional<test::MemoryServer::Reply> {
    if (command != "RETR 5" || std::exchange(lost, true)) return std::nullopt;
    return test::MemoryServer::Reply("+OK\r\nSubject: 5\r\n\r\nbo", true);
  };
  house.watch.staging = [&] { house.watch.wait_for([&] { return house.watch.begun > 4; }); };
  CHECK(engine::status_of(house.run()) == 75);
  CHECK(house.mail() == house.all(4));
  CHECK(house.server.messages.size() == 6);
  house.watch.staging = [] {};
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == house.all(6));
  CHECK(house.server.messages.empty());
}

TEST_CASE("a message that needs the database waits for the batch that uses it") {
  BatchHousehold house(6);
  house.account.policy.leave_on_server = true;
  CHECK(engine::status_of(house.run()) == 0);
  for (auto& message : house.server.messages)
    message.uidl = "other-" + message.uidl;  // the server has migrated
  house.server.messages.insert(house.server.messages.begin(), mail_of(7));
  house.server.messages.push_back(mail_of(8));
  house.server.messages.push_back(mail_of(9));
  const auto outcome = house.run();
  CHECK(outcome.totals.fetched == 3);
  CHECK(house.mail() == house.all(9));
}

TEST_CASE("without UIDL, equal messages in different batches are different messages") {
  for (const bool top : {true, false}) {
    CAPTURE(top);
    BatchHousehold house(0);
    house.server.options.uidl = false;
    house.server.options.top = top;
    for (int n = 0; n < 7; ++n) house.server.messages.push_back(mail_of(1));
    house.account.policy.leave_on_server = true;
    CHECK(house.run().totals.fetched == 7);
    CHECK(house.mail() == Bodies(7, body_of(1)));
    house.server.messages.push_back(mail_of(1));
    CHECK(house.run().totals.fetched == 1);
    CHECK(house.mail() == Bodies(8, body_of(1)));
    CHECK(house.run().totals.fetched == 0);
  }
}

TEST_CASE("a message equal to one that an earlier batch delivered is removed only after its own delivery") {
  BatchHousehold house(4);
  house.server.options.uidl = false;
  house.server.options.top = false;
  house.server.messages.push_back(mail_of(1));
  house.server.messages.push_back(mail_of(5));
  CHECK(house.run().totals.fetched == 6);
  auto expected = house.all(5);
  expected.insert(expected.begin(), body_of(1));
  CHECK(house.mail() == expected);
  CHECK(house.server.messages.empty());
}

TEST_CASE("the rows of a large mailbox are read during the login, with the same result") {
  Household house;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  CHECK(house.run().totals.fetched == 1);
  {
    std::mutex writes;
    state::Store store(house.environment.state_file, writes);
    const auto mailbox = store.mailboxes().front().id;
    state::Change change;
    for (int n = 0; n < 10'000; ++n) {
      change.rows.push_back({.id = store.next_row(mailbox),
                             .standing = state::Standing::seen,
                             .uidl = "old-" + std::to_string(n),
                             .bytes = 40});
    }
    store.commit(mailbox, change);
  }
  house.server.messages.push_back({"old-77", "Subject: seen\r\n\r\nsomewhere else\r\n"});
  house.server.messages.push_back(mail_of(2));
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
  house.environment.connect = [](const account::Account&, const std::string&,
                                 const net::Trace&) -> net::LoggedIn {
    throw util::Error(util::Kind::temporary, "the server does not answer");
  };
  CHECK(engine::status_of(house.run()) == 75);
}

TEST_CASE(
    "messages delivered before a doubtful answer are checked again, even if the batch under way failed") {
  BatchHousehold house(12);  // enough for a second batch to have begun when the first one is done
  house.account.policy.leave_on_server = true;
  bool doubtful = false;  // guarded by the watch's mutex
  house.server.misbehave = [&](const std::string& command,
                               std::size_t) -> std::optional<test::MemoryServer::Reply> {
    if (command == "RETR 4") house.watch.wait_for([&] { return house.watch.published >= 1; });
    if (command != "RETR 12" || doubtful) return std::nullopt;
    const std::lock_guard lock(house.watch.mutex);
    doubtful = true;
    house.watch.changed.notify_all();
    return test::MemoryServer::Reply("nonsense\r\n");
  };
  house.watch.staging = [&] {
    if (house.watch.staged == 2) house.watch.wait_for([&] { return doubtful; });
  };
  house.watch.publishing = [&] {
    if (house.watch.published == 2) throw util::Error(util::Kind::storage, "the directory cannot be flushed");
  };
  CHECK(engine::status_of(house.run()) == 74);
  house.watch.publishing = [] {};
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.server.count("TOP 1 0") == 1);
  CHECK(house.mail() == house.all(12));
}

TEST_CASE("what a session in doubt delivered is suspect even if its last batch cannot be settled") {
  BatchHousehold house(5);
  house.account.policy.leave_on_server = true;
  house.server.misbehave = [](const std::string& command,
                              std::size_t) -> std::optional<test::MemoryServer::Reply> {
    if (command != "RETR 4") return std::nullopt;
    return test::MemoryServer::Reply("+OK\r\nSubject: 4\r\n\r\nbo", true);
  };
  house.watch.staging = [&] {
    if (house.watch.staged == 2) throw util::Error(util::Kind::storage, "the disk is on fire");
  };
  CHECK(engine::status_of(house.run()) == 74);
  house.server.misbehave = nullptr;
  house.watch.staging = [] {};
  house.server.commands.clear();
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.server.count("TOP 1 0") + house.server.count("TOP 2 0") == 2);
  CHECK(house.mail() == house.all(5));
}
