// SPDX-License-Identifier: MIT
#include "setup/endings.h"

#include <doctest/doctest.h>

#include <vector>

namespace {

using namespace mailhaul;

TEST_CASE("the end of a password is known by its keys, or by the day and the provider") {
  using std::chrono::days;
  const std::chrono::sys_seconds day{days(20'000)};
  account::Account account;
  account.server.host = "pop3s.pec.aruba.it";
  CHECK_FALSE(setup::password_end(account));
  account.password_set = day;
  CHECK(setup::password_end(account) == day + days(90));
  account.password_valid = days(30);
  CHECK(setup::password_end(account) == day + days(30));
  account.server.host = "pop.example.org";
  CHECK(setup::password_end(account) == day + days(30));
  account.password_valid.reset();
  CHECK_FALSE(setup::password_end(account));
  account.password_valid = days(30);
  account.oauth.emplace();
  CHECK_FALSE(setup::password_end(account));
}

TEST_CASE("an end is told from 14 days before, and afterwards") {
  using std::chrono::days;
  const std::chrono::sys_seconds day{days(20'000)};  // 4 October 2024
  account::Account account;
  account.password_set = day - days(90);
  account.password_valid = days(90);
  const auto said = [&](std::chrono::sys_seconds now) {
    std::vector<std::string> sentences;
    setup::tell_endings(
        account, now, [](std::chrono::sys_seconds) { return std::string(); },
        [&](const setup::Ending& ending) { sentences.push_back(ending.sentence); });
    return sentences;
  };
  using Sentences = std::vector<std::string>;
  CHECK(said(day - days(15)) == Sentences{});
  CHECK(said(day - days(14)) == Sentences{"the password expires on 2024-10-04"});
  CHECK(said(day) == Sentences{"the password expired on 2024-10-04"});
  CHECK(said(day + days(100)) == Sentences{"the password expired on 2024-10-04"});
}

}  // namespace
