// SPDX-License-Identifier: MIT
// The programs that run after a fetch and on trouble.
#include "account/run_keys.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixture.h"

using namespace mailhaul;
using test::Profile;
using test::work;

namespace {

/// The programs in force of an account with these keys, below defaults that have both.
account::Hooks hooks_of(const std::string& keys, const std::vector<account::Override>& options = {}) {
  Profile profile(R"({"defaults": {"after_fetch": "notmuch new", "on_trouble": ["tell"]}, )" +
                  work(keys).substr(1));
  profile.sources().overrides = options;
  REQUIRE(profile.said().sentence == "no error");
  return profile.load().accounts.at(0).hooks;
}

}  // namespace

TEST_CASE("none switches off a program of the defaults") {
  CHECK(hooks_of("").after_fetch == std::vector<std::string>{"notmuch", "new"});
  const auto none = hooks_of(R"("after_fetch": "none", "on_trouble": "none")");
  CHECK(none.after_fetch.empty());
  CHECK(none.on_trouble.empty());
  const auto by_option = hooks_of("", {{"after_fetch", "none"}, {"on_trouble", "none"}});
  CHECK(by_option.after_fetch.empty());
  CHECK(by_option.on_trouble.empty());
}

TEST_CASE("a program called none is named by an array or by its path") {
  const auto hooks = hooks_of(R"("after_fetch": ["none"], "on_trouble": "/bin/none")");
  CHECK(hooks.after_fetch == std::vector<std::string>{"none"});
  CHECK(hooks.on_trouble == std::vector<std::string>{"/bin/none"});
}
