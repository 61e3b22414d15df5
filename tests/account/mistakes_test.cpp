// SPDX-License-Identifier: MIT
// Mistakes that end the loading, and the purpose that collects them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixture.h"

using namespace mailhaul;
using test::Profile;

TEST_CASE("a check collects the mistakes outside of the accounts as well") {
  Profile profile(
      "{\"jobs\": 0, \"logs\": \"x\", \"defaults\": {\"timeout\": 1, \"kep\": true}, \"accounts\": {\"one\": "
      "{\"user\": 5}, \"two\": {\"server\": \"pop3s://h\", \"user\": \"u\", \"deliver\": \"maildir:/m\"}}}");
  CHECK(profile.said().sentence == "F:1:10: jobs: must be a whole number from 1 to 1000");
  profile.sources().purpose = account::Purpose::check;
  std::vector<std::string> told;
  for (const auto& mistake : profile.load().mistakes) {
    const std::string sentence = mistake.error.what();
    told.push_back(mistake.account + sentence.substr(sentence.find(": ")));
  }
  REQUIRE(told.size() == 5);
  CHECK(told[0] == ": jobs: must be a whole number from 1 to 1000");
  CHECK(told[1].starts_with(": logs: unknown key"));
  CHECK(told[2].starts_with(": defaults.timeout: must be"));
  CHECK(told[3].starts_with(": defaults.kep: unknown key"));
  CHECK(told[4].starts_with("one: accounts.one.user: must be"));
}

TEST_CASE("no variable but $HOME is replaced in a path") {
  for (const std::string path : {"${HOME}/log", "$XDG_STATE_HOME/log"})
    CHECK(
        Profile("{\"log\": \"" + path + "\"}").said().sentence ==
        "F:1:9: log: no variable but $HOME is replaced; write an absolute path, or one that begins with ~/");
  CHECK(Profile("{\"log\": \"$HOME/log\"}").said().sentence == "F:1:1: \"accounts\" is missing");
}
