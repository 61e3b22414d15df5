// SPDX-License-Identifier: MIT
// Which source of the password is in force.
#include <doctest/doctest.h>

#include <variant>

#include "fixture.h"

using namespace mailhaul;
using test::Profile;
using test::work;

TEST_CASE("a source that is switched off does not replace another of the defaults") {
  const auto source = [](const std::string& own, const std::vector<account::Override>& options = {}) {
    Profile profile("{\"defaults\": {\"password_file\": \"f\"}, " + work(own).substr(1));
    profile.sources().overrides = options;
    const auto config = profile.load();
    REQUIRE(config.accounts.size() == 1);
    const auto& secret = config.accounts.front().secret;
    return std::string(std::holds_alternative<credentials::File>(secret)  ? "file"
                       : std::holds_alternative<credentials::Ask>(secret) ? "ask"
                                                                          : "another");
  };
  for (const std::string key : {"netrc", "keyring"}) {
    CHECK(source("\"" + key + "\": false") == "file");
    CHECK(source("", {{key, "false"}}) == "file");
    CHECK(source("\"" + key + "\": true", {{key, "false"}}) == "ask");
  }
}
