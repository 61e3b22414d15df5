// SPDX-License-Identifier: MIT
#include "credentials/token_life.h"

#include <doctest/doctest.h>

namespace {

using namespace mailhaul;
using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;

const sys_seconds last_renewal{seconds(1'800'000'000)};

credentials::Tokens login_kept(const char* refresh = "r") {
  credentials::Tokens tokens;
  tokens.refresh = util::Secret(refresh);
  tokens.logged_in = last_renewal - days(400);
  tokens.used = last_renewal;
  return tokens;
}

}  // namespace

TEST_CASE("a provider forgets a login that is not renewed, and the last 14 days are time for a warning") {
  const struct {
    const char* provider;
    days life;
  } rows[] = {{"google", days(180)}, {"microsoft", days(90)}};
  for (const auto& row : rows) {
    CAPTURE(row.provider);
    const credentials::OAuth oauth{.provider = row.provider};
    const auto tokens = login_kept();
    CHECK(credentials::forgotten_at(oauth, tokens) == last_renewal + row.life);
    CHECK_FALSE(credentials::is_soon_forgotten(oauth, tokens, last_renewal + row.life - days(14)));
    CHECK(credentials::is_soon_forgotten(oauth, tokens, last_renewal + row.life - days(14) + seconds(1)));
    CHECK(credentials::is_soon_forgotten(oauth, tokens, last_renewal + row.life + days(1)));
  }
}

TEST_CASE("a login that was never renewed counts from its beginning") {
  auto tokens = login_kept();
  tokens.used = {};
  tokens.logged_in = last_renewal;
  CHECK(credentials::forgotten_at({.provider = "microsoft"}, tokens) == last_renewal + days(90));
}

TEST_CASE("of other providers, and of a login without a refresh token, nobody knows") {
  CHECK_FALSE(credentials::forgotten_at({}, login_kept()));
  CHECK_FALSE(credentials::forgotten_at({.provider = "google"}, login_kept("")));
  CHECK_FALSE(credentials::is_soon_forgotten({}, login_kept(), last_renewal + days(4000)));
}
