// SPDX-License-Identifier: MIT
// A cron job that runs every minute at a server that refuses logins: how often it logs in, and how often cron
// sends a mail.
#include <doctest/doctest.h>

#include "fixture.h"
#include "net/refusal.h"
#include "util/error.h"

namespace mailhaul {

namespace {

using namespace std::chrono_literals;

/// Counts what a run with -q prints.
struct QuietOutput : report::Listener {
  int count = 0;
  void failed(std::string_view /*account*/, const report::Notice& notice) override {
    count += notice.quiet_skips_it ? 0 : 1;
  }
  void warned(std::string_view /*account*/, const report::Notice& notice) override {
    count += notice.quiet_skips_it ? 0 : 1;
  }
  void recovered(std::string_view /*account*/, std::optional<state::Time> /*since*/) override { ++count; }
};

struct Cron : test::Household {
  util::Kind kind = util::Kind::login;
  std::string words = "no";  // after the -ERR
  bool refuses = true;
  int asked = 0, told = 0;

  Cron() {
    environment.quiet = true;
    environment.connect = [this, good = environment.connect](const account::Account& at,
                                                             const std::string& login_method,
                                                             const net::Trace& trace) {
      ++asked;
      if (refuses)
        throw net::RefusedError({kind, "the server refused the login of anna: " + words},
                                net::understand(words, util::Kind::login));
      return good(at, login_method, trace);
    };
  }

  void run_for(std::chrono::minutes time, std::chrono::minutes step = 1min) {
    asked = told = 0;
    for (auto passed = 0min; passed < time; passed += step) {
      QuietOutput output;
      engine::run({account}, {}, environment, output);
      told += output.count;
      now += step;
    }
  }
};

}  // namespace

TEST_CASE(
    "a refused login is tried again after 5, 10, 20 ... minutes, finally every 6 hours, and reported once a "
    "day") {
  Cron cron;
  cron.run_for(12h);
  CHECK(cron.asked == 8);  // at 0, 5, 15, 35, 75, 155, 315 and 635 minutes
  CHECK(cron.told == 1);
  cron.run_for(48h, 10min);
  CHECK(cron.asked == 8);
  CHECK(cron.told == 2);
}

TEST_CASE("[LOGIN-DELAY] in any case causes a pause, and is reported after a day") {
  for (const char* code : {"[LOGIN-DELAY]", "[login-delay]"}) {
    CAPTURE(code);
    Cron cron;
    cron.kind = util::Kind::temporary;
    cron.words = std::string(code) + " slowly";
    cron.run_for(20min);
    CHECK(cron.asked == 4);
    CHECK(cron.told == 0);
    cron.run_for(48h, 120min);
    CHECK(cron.told == 1);
  }
}

TEST_CASE(
    "a server that hangs up at the credentials is asked once more, in another form, and then with pauses") {
  test::Household house;
  std::vector<std::string> methods;
  house.environment.connect = [&](const account::Account&, const std::string& login_method,
                                  const net::Trace&) -> net::LoggedIn {
    methods.push_back(login_method);
    throw net::RefusedError({util::Kind::temporary, "the server hung up"},
                            {.reason = net::Reason::hung_up,
                             .kind = util::Kind::temporary,
                             .hint = {},
                             .pause = std::nullopt,
                             .other_method = "plain-in-steps"});
  };
  for (int minute = 0; minute < 60; ++minute) {
    QuietOutput output;
    engine::run({house.account}, {}, house.environment, output);
    house.now += 1min;
  }
  CHECK(methods == std::vector<std::string>{"", "plain-in-steps", "plain-in-steps", "plain-in-steps"});
}

TEST_CASE("after a limit the pause is as long as the server says, and 5 minutes where it does not") {
  struct Row {
    const char* words;
    int asked;  ///< logins in two hours
  };
  for (const auto& row :
       {Row{"Exceeded the login limit for a 15 minute period. Reduce the frequency of requests.", 8},
        Row{"Request is throttled. Suggested Backoff Time: 599972 milliseconds", 12},
        Row{"too many logins, wait an hour", 24}, Row{"Download exceed. msg=10", 24},
        Row{"[LOGIN-DELAY] 1 hour", 2}}) {
    CAPTURE(row.words);
    Cron cron;
    cron.kind = util::Kind::temporary;
    cron.words = row.words;
    cron.run_for(2h);
    CHECK(cron.asked == row.asked);
    CHECK(cron.told == 0);
  }
}

TEST_CASE("during a pause after a limit, the hint blames no configuration") {
  struct Row {
    util::Kind kind;
    const char* words;
    bool blames;
  };
  for (const auto& row : {Row{util::Kind::temporary, "[LOGIN-DELAY] slowly", false},
                          Row{util::Kind::login, "[AUTH] wrong password", true}}) {
    CAPTURE(row.words);
    test::Household house;
    house.environment.connect = [&row](const account::Account&, const std::string&,
                                       const net::Trace&) -> net::LoggedIn {
      throw net::RefusedError({row.kind, "the server refused the login"},
                              net::understand(row.words, util::Kind::login));
    };
    house.run();
    house.now += 1min;
    house.run();
    REQUIRE(house.told.failures.size() == 1);
    CHECK(house.told.failures[0].find("no login at pop.example.org before ") != std::string::npos);
    CHECK((house.told.hints[0].find("configuration") != std::string::npos) == row.blames);
    CHECK(house.told.hints[0].find("at a terminal") != std::string::npos);
  }
}

TEST_CASE("a mailbox in use is tried every time, reported after a day, and once more when it is free") {
  Cron cron;
  cron.kind = util::Kind::temporary;
  cron.words = "[IN-USE] locked";
  cron.run_for(23h, 10min);
  CHECK(cron.asked == 23 * 6);
  CHECK(cron.told == 0);
  cron.run_for(72h, 10min);
  CHECK(cron.told == 1);
  cron.refuses = false;
  cron.run_for(1h, 10min);
  CHECK(cron.told == 1);
}

TEST_CASE("other lasting trouble than was told last is told at once, whatever came between") {
  Cron cron;
  const auto told_with = [&cron](util::Kind kind, const char* words, std::chrono::minutes time) {
    cron.kind = kind;
    cron.words = words;
    cron.run_for(time);
    return cron.told;
  };
  CHECK(told_with(util::Kind::unavailable, "[SYS/PERM] closed", 5min) == 1);
  CHECK(told_with(util::Kind::temporary, "[IN-USE] busy", 5min) == 0);
  CHECK(told_with(util::Kind::unavailable, "[SYS/PERM] closed", 5min) == 0);
  CHECK(told_with(util::Kind::temporary, "[IN-USE] busy", 5min) == 0);
  CHECK(told_with(util::Kind::protocol, "[SYS/PERM] odd", 5min) == 1);
  CHECK(told_with(util::Kind::unavailable, "[SYS/PERM] closed", 5min) == 1);
}

TEST_CASE("a successful login, a run at a terminal, or a changed profile ends the pause") {
  Cron cron;
  cron.run_for(1min);
  SUBCASE("a run at a terminal") { cron.environment.attended = true; }
  SUBCASE("the file was written again") { cron.environment.profile_stamp = "another"; }
  SUBCASE("another user") { cron.account.auth = net::Auth::plain; }
  SUBCASE("the clock was stepped back by a week") { cron.now -= 168h; }
  cron.refuses = false;
  cron.run_for(1min);
  CHECK(cron.asked == 1);
  CHECK(cron.told == 1);  // the end of the trouble
  cron.refuses = true;
  cron.environment.attended = false;
  cron.run_for(6min);
  CHECK(cron.asked == 2);  // the pauses start with the shortest one again
}

}  // namespace mailhaul
