// SPDX-License-Identifier: MIT
// Which threads work on the accounts.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <system_error>

#include "engine/run.h"

using namespace mailhaul;

namespace {

std::vector<account::Account> accounts_at(std::initializer_list<std::string> hosts) {
  std::vector<account::Account> accounts;
  for (const auto& host : hosts) {
    accounts.emplace_back();
    accounts.back().server.host = host;
  }
  return accounts;
}

}  // namespace

TEST_CASE("all accounts are worked on, however many threads can be started") {
  const auto accounts = accounts_at({"a", "b", "c", "c", "c", "d"});
  for (unsigned startable = 0; startable < 8; ++startable) {
    CAPTURE(startable);
    unsigned started = 0;
    std::mutex mutex;
    std::multiset<std::size_t> done;
    engine::for_each_account(
        accounts,
        {.jobs = 4,
         .start =
             [&](auto work) {
               if (started == startable)
                 throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
               ++started;
               return std::jthread(std::move(work));
             }},
        [&](std::size_t index) {
          const std::lock_guard lock(mutex);
          done.insert(index);
        });
    CHECK(done == std::multiset<std::size_t>{0, 1, 2, 3, 4, 5});
    CHECK(started == std::min(startable, 3U));
  }
}

TEST_CASE("no account needs no thread") {
  engine::for_each_account({}, {}, [](std::size_t) { FAIL("there is no account"); });
}
