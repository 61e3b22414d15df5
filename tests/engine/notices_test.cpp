// SPDX-License-Identifier: MIT
// What is reported, to which listener, and how often.
#include <doctest/doctest.h>

#include <functional>

#include "engine/get.h"
#include "engine/list.h"
#include "fixture.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::Household;
using test::mail_of;
using Texts = std::vector<std::string>;

TEST_CASE("after a day of failures -q reports them once, with their beginning, and once that they are over") {
  Household house;
  house.environment.quiet = true;
  const auto connect = house.environment.connect;
  house.environment.connect = [](const auto&, const auto&, const auto&) -> net::LoggedIn {
    throw util::Error(util::Kind::temporary, "cannot connect", "see that the network is up");
  };
  house.run();
  CHECK(house.told.failures == Texts{"75 (quiet) cannot connect"});
  house.now += 24h;
  house.run();
  CHECK(house.told.failures == Texts{"75 failing since 2023-11-14T22:13:20Z: cannot connect"});
  house.now += 1h;
  house.run();
  CHECK(house.told.failures == Texts{"75 (quiet) cannot connect"});
  house.environment.connect = connect;
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.warnings.empty());  // good news is no warning
  CHECK(house.told.ends == Texts{"2023-11-14T22:13:20Z"});
}

TEST_CASE("sending the password in clear text is reported at a terminal") {
  Household house;
  house.account.server.tls = net::Tls::none;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  const Texts warning{"the password and all mail cross the network to pop.example.org in clear text"};
  const Texts uids{"uid1"};
  const auto sink = [](std::size_t) {
    return engine::MessageSink{[](const std::string&) {}, [](std::string_view) {}, [] {}};
  };
  for (const bool attended : {true, false}) {
    house.environment.attended = attended;
    house.told = {};
    engine::list_mailbox(house.account, house.environment, house.told,
                         {.fields = engine::HeaderFields::read});
    CHECK(house.told.warnings == (attended ? warning : Texts{}));
    house.told = {};
    engine::get(house.account, house.environment, house.told, {.uids = uids, .open_sink = sink});
    CHECK(house.told.warnings == (attended ? warning : Texts{}));
    house.run();
    CHECK(house.told.warnings == (attended ? warning : Texts{}));
  }
}

TEST_CASE("a lasting warning is given even if an earlier one ended in the same words") {
  Household house;
  const auto run_with_warning = [&](const std::string& sentence) {
    house.environment.open = [sentence](const delivery::Spec& spec, const delivery::RunContext& context) {
      context.warn(sentence, "");
      return delivery::open(spec, context);
    };
    house.run();
    return house.told.warnings;
  };
  CHECK(run_with_warning("the disk of /var/mail is full") == Texts{"the disk of /var/mail is full"});
  CHECK(run_with_warning("/var/mail is full") == Texts{"/var/mail is full"});
  CHECK(run_with_warning("/var/mail is full") == Texts{"(again) /var/mail is full"});
  CHECK(run_with_warning("the disk of /var/mail is full") == Texts{"(again) the disk of /var/mail is full"});
}

TEST_CASE("with -q a login that is refused for two days is reported once a day, and once when it is over") {
  Household house;
  house.environment.quiet = true;
  const auto connect = house.environment.connect;
  house.environment.connect = [](const auto&, const auto&, const auto&) -> net::LoggedIn {
    throw util::Error(util::Kind::login, "refused");
  };
  long reported = 0;
  for (int runs = 0; runs < 2 * 24 * 6; ++runs) {
    house.run();
    for (const auto& failure : house.told.failures)
      reported += failure.find("(quiet)") == std::string::npos ? 1 : 0;
    house.now += std::chrono::minutes(10);
  }
  CHECK(reported == 2);
  house.environment.connect = connect;
  house.now += 6h;
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.warnings.empty());  // good news is no warning
  CHECK(house.told.ends == Texts{"2023-11-14T22:13:20Z"});
}

namespace {

/// Runs every 10 minutes for `length`, each time with the error from `error_of_run`. Returns how often -q
/// reports trouble.
long reports(Household& house, std::chrono::hours length,
             const std::function<util::Error(int)>& error_of_run) {
  long reported = 0;
  for (int run = 0; run < length / 10min; ++run) {
    house.environment.connect = [error = error_of_run(run)](const auto&, const auto&,
                                                            const auto&) -> net::LoggedIn {
      throw util::Error(error);
    };
    house.run();
    for (const auto& failure : house.told.failures)
      reported += failure.find("(quiet)") == std::string::npos ? 1 : 0;
    house.now += 10min;
  }
  return reported;
}

}  // namespace

TEST_CASE("with -q lasting trouble is reported when it begins, when it becomes another one, and once a day") {
  const auto unavailable = util::Error(util::Kind::unavailable, "the certificate has expired");
  const auto config = util::Error(util::Kind::config, "the password file is missing");
  Household house;
  house.environment.quiet = true;
  CHECK(reports(house, 72h, [&](int) { return unavailable; }) == 3);
  CHECK(reports(house, 12h, [&](int) { return config; }) == 1);
  Household mixed;
  mixed.environment.quiet = true;
  const auto passing = util::Error(util::Kind::temporary, "cannot connect");
  CHECK(reports(mixed, 12h, [&](int run) { return run % 2 == 0 ? unavailable : passing; }) == 1);
}

TEST_CASE(
    "with -q a message that cannot be delivered is reported at once, then once a day, and when it is over") {
  Household house;
  house.environment.quiet = true;
  house.server.messages = {mail_of(1), mail_of(2)};
  const auto refuse = [&](const std::string& words) {
    house.deliver_to_command("if grep -q '" + words + "'; then echo no; exit 65; fi");
  };
  const auto reported_in = [&](std::chrono::hours length) {
    long reported = 0;
    for (auto left = length; left > 0h; left -= 1h) {
      CHECK(engine::status_of(house.run()) == 65);
      for (const auto& failure : house.told.failures)
        reported += failure.find("(quiet)") == std::string::npos ? 1 : 0;
      house.now += 1h;
    }
    return reported;
  };
  refuse("Subject: 1");
  CHECK(reported_in(24h) == 1);
  CHECK(reported_in(47h) == 2);
  house.server.messages.push_back(mail_of(1));  // trouble with another message is new
  house.server.messages.back().uidl = "another";
  CHECK(reported_in(1h) == 1);
  const auto connect = house.environment.connect;
  const util::Error lost(util::Kind::temporary, "cannot connect");
  CHECK(reports(house, 47h, [&](int) { return lost; }) == 1);
  house.environment.connect = connect;
  refuse("Subject: 9");
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.told.ends.size() == 1);
}

TEST_CASE("a host that is not found is trouble that passes if the account has worked before") {
  const auto unknown = util::Error(util::Kind::no_host, "there is no host pop.example.org", "check the name");
  Household fresh;
  CHECK(reports(fresh, 1h, [&](int) { return unknown; }) == 6);
  CHECK(engine::status_of(fresh.run()) == 68);
  Household known;
  known.environment.quiet = true;
  CHECK(engine::status_of(known.run()) == 0);
  CHECK(reports(known, 12h, [&](int) { return unknown; }) == 0);
  CHECK(engine::status_of(known.run()) == 75);
}
