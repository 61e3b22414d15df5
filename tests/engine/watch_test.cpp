// SPDX-License-Identifier: MIT
// Weeks of watching, with a clock that the test moves.
#include "engine/watch.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

account::Account account_named(const std::string& name) {
  account::Account account;
  account.name = name;
  account.server.host = name + ".example.org";
  return account;
}

/// A watch in which runs take no time, unless `fetch` moves the clock, and happen at once, not in threads.
struct Weeks {
  seconds now{1000}, end{0};
  seconds tick{0};  ///< by how much the clock goes on whenever it is read
  std::map<std::string, std::vector<seconds>> runs;
  std::vector<std::size_t> rounds;  ///< how many accounts each had
  int waits = 0;
  bool woken = false;
  std::function<void(const account::Account&)> fetch = [](const account::Account&) {};
  std::function<bool()> can_start = [] { return true; };
  std::vector<std::string> warnings;

  void watch(const std::vector<account::Account>& accounts, seconds interval, seconds length) {
    end = now + length;
    engine::Watch(
        accounts, {.jobs = 8, .host_jobs = 2}, interval,
        {.now = [this] { return std::exchange(now, now + tick); },
         .wait =
             [this](std::optional<seconds> until) {
               ++waits;
               if (std::exchange(woken, false)) return;
               REQUIRE(until);
               REQUIRE((*until > now || tick > 0s));
               now = std::max(now, *until);
             },
         .wake = [this] { woken = true; },
         .goes_on = [this] { return now < end; },
         .expect = [this](const auto& accounts) { rounds.push_back(accounts.size()); },
         .fetch =
             [this](const account::Account& account) {
               runs[account.name].push_back(now);
               fetch(account);
             },
         .warn = [this](const auto& notice) { warnings.emplace_back(notice.sentence); },
         .start =
             [this](const std::function<void()>& work) {
               if (!can_start())
                 throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
               work();
               return std::jthread();
             }})
        .run();
  }
  /// The shortest and the longest time between two runs.
  std::pair<seconds, seconds> pauses(const std::string& account) {
    const auto& times = runs[account];
    std::pair<seconds, seconds> extremes{seconds::max(), 0s};
    for (std::size_t i = 1; i < times.size(); ++i) {
      extremes.first = std::min(extremes.first, times[i] - times[i - 1]);
      extremes.second = std::max(extremes.second, times[i] - times[i - 1]);
    }
    return extremes;
  }
};

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd")));
}

/// How much is allocated now; 0 under a sanitizer, which has its own allocator and finds leaks itself.
std::size_t bytes_in_use() { return ::mallinfo2().uordblks; }

}  // namespace

TEST_CASE("an account that falls due between two looks at the clock is fetched") {
  Weeks hour;
  hour.tick = 1s;
  hour.fetch = [&hour](const account::Account& account) {
    const auto begun = hour.now - hour.tick;
    // The watch now looks at the clock three times: the third time, the account is due.
    hour.now = begun + engine::pause_of(account, 5min, hour.runs[account.name].size()) - 2s;
  };
  hour.watch({account_named("one")}, 5min, 1h);
  CHECK(hour.runs["one"].size() >= 10);
}

TEST_CASE("in a month each account is fetched in its own time") {
  Weeks month;
  auto slow = account_named("slow");
  slow.policy.min_interval = 15min;
  month.watch({account_named("one"), account_named("two"), slow}, 5min, 24h * 30);
  for (const auto* name : {"one", "two"}) {
    CHECK(month.pauses(name).first >= 5min);
    CHECK(month.pauses(name).second <= 5min + 30s);
    CHECK(month.runs[name].size() >= 7800);
    CHECK(month.runs[name].size() <= 8641);
  }
  CHECK(month.pauses("slow").first >= 15min);
  CHECK(month.pauses("slow").second <= 15min + 90s);
  CHECK(month.runs["one"] != month.runs["two"]);  // the accounts do not stay in step
  CHECK(month.waits < 60'000);
}

TEST_CASE("each run is part of a round, which begins with the number of its accounts") {
  Weeks day;
  day.watch({account_named("one"), account_named("two"), account_named("three")}, 5min, 24h);
  std::size_t runs = 0, expected = 0;
  for (const auto& [name, times] : day.runs) runs += times.size();
  for (const auto accounts : day.rounds) expected += accounts;
  CHECK(day.rounds.front() == 3);
  CHECK(expected == runs);
}

TEST_CASE("a run that takes longer than the interval is followed by the next one, and by no second") {
  Weeks hours;
  hours.fetch = [&](const account::Account&) { hours.now += 11min; };
  hours.watch({account_named("large")}, 5min, 24h);
  CHECK(hours.pauses("large").first >= 11min);
  CHECK(hours.runs["large"].size() >= 120);
}

TEST_CASE("while no thread can be started the accounts wait, which is told once") {
  Weeks hours;
  hours.can_start = [&] { return hours.now < 1000s + 2h || hours.now > 1000s + 4h; };
  hours.watch({account_named("one"), account_named("two")}, 5min, 24h);
  CHECK(hours.warnings.size() == 1);
  CHECK(hours.warnings.front().find("cannot start a thread for account ") == 0);
  for (const auto* name : {"one", "two"}) {
    CHECK(hours.pauses(name).second > 2h);
    CHECK(hours.pauses(name).second < 2h + 10min);
    CHECK(hours.runs[name].size() > 200);
  }
}

TEST_CASE("after a suspend each account is fetched once") {
  Weeks days;
  bool suspended = false;
  days.fetch = [&](const account::Account&) {
    if (days.now < 50'000s || suspended) return;
    suspended = true;
    days.now += 48h;  // the machine was asleep
  };
  days.watch({account_named("one")}, 5min, 24h * 3);
  const auto late =
      std::ranges::count_if(days.runs["one"], [](seconds at) { return at > 50'000s && at < 50'000s + 48h; });
  CHECK(late == 1);
}

TEST_CASE("in a month of watching a real mailbox nothing grows, and mail is fetched in time") {
  Household house;
  house.account.policy.leave_on_server = true;
  bool network_is_down = false;
  house.environment.connect = [&, connect = house.environment.connect](
                                  const auto& account, const auto& method, const auto& trace) {
    if (network_is_down) throw util::Error(util::Kind::temporary, "cannot connect");
    return connect(account, method, trace);
  };
  const auto fetch = engine::fetcher(house.environment, house.told);
  Weeks month;
  int polls = 0;
  const auto start = house.now;
  month.fetch = [&](const account::Account& account) {
    house.now = start + (month.now - 1000s);
    if (++polls % 100 == 0) house.server.messages.push_back(mail_of(polls));
    network_is_down = polls % 50 < 5;
    fetch(account);
    house.told = RecordingListener();
    house.server.commands.clear();
  };
  month.watch({house.account}, 1h, 24h);
  const auto descriptors = open_descriptors();
  const auto bytes = bytes_in_use();
  month.watch({house.account}, 1h, 24h * 29);
  constexpr std::size_t of_the_test = 64 * 1024;  // for the server's messages and the times of the runs
  CHECK(open_descriptors() <= descriptors);
  CHECK(bytes_in_use() <= bytes + of_the_test);
  CHECK(polls > 600);
  CHECK(house.mail().size() == house.server.messages.size());
}

TEST_CASE("a run that is too early by min_interval asks nobody") {
  Household house;
  house.account.policy.min_interval = 10min;
  house.server.messages.push_back(mail_of(1));
  CHECK(house.run().totals.fetched == 1);
  house.server.messages.push_back(mail_of(2));
  for (const auto passed : {0s, 1s, 300s, 590s}) {
    const auto before = house.now;
    house.now += passed;
    const auto outcome = house.run();
    CHECK(outcome.totals.listed == 0);
    CHECK_FALSE(outcome.error);
    house.now = before;
  }
  house.now += 600s;
  CHECK(house.run().totals.fetched == 1);
  house.server.messages.push_back(mail_of(3));
  house.now -= 24h;  // the clock was set back
  CHECK(house.run().totals.fetched == 1);
}

TEST_CASE("LOGIN-DELAY raises min_interval, and a clock that was set back ends it") {
  for (const auto* delay : {"LOGIN-DELAY 300", "LOGIN-DELAY 300 USER"}) {
    CAPTURE(delay);
    Household house;
    house.account.policy.min_interval = 10s;
    house.server.options.more_capabilities = {delay};
    house.server.messages.push_back(mail_of(1));
    CHECK(house.run().totals.fetched == 1);
    house.server.messages.push_back(mail_of(2));
    for (const auto passed : {0s, 11s, 290s}) {
      const auto before = house.now;
      house.now += passed;
      const auto sessions = house.server.sessions;
      CHECK_FALSE(house.run().error);
      CHECK(house.server.sessions == sessions);
      house.now = before;
    }
    house.environment.attended = true;
    house.run();
    CHECK(house.told.warnings ==
          std::vector<std::string>{"not asked for new mail: the server permits no login before " +
                                   util::format_utc(house.now + 300s) + " (LOGIN-DELAY)"});
    house.environment.attended = false;
    CHECK_FALSE(engine::status(house.account, house.environment).not_before);
    house.now += 300s;
    CHECK(house.run().totals.fetched == 1);
    house.server.messages.push_back(mail_of(3));
    house.now -= 24h;
    CHECK(house.run().totals.fetched == 1);
  }
}

TEST_CASE("a LOGIN-DELAY that makes no sense delays nothing") {
  for (const auto* delay : {"LOGIN-DELAY", "LOGIN-DELAY 0", "LOGIN-DELAY soon", "LOGIN-DELAY 99999999999"}) {
    CAPTURE(delay);
    Household house;
    house.server.options.more_capabilities = {delay};
    house.server.messages.push_back(mail_of(1));
    for (const int fetched : {1, 0}) CHECK(house.run().totals.fetched == static_cast<std::uint32_t>(fetched));
    CHECK(house.server.sessions == 2);
  }
}
