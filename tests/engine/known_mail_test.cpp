// SPDX-License-Identifier: MIT
// Mail that has to be read to see whether it is known: what is counted, and what is limited.
#include <doctest/doctest.h>

#include "engine/status.h"
#include "fixture.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;

namespace {

/// Fetches and removes three messages, then puts six others on the server. Three of these have the old UIDLs.
void use_uidls_again(Household& house) {
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  REQUIRE(house.server.messages.empty());
  for (int n = 1; n <= 6; ++n) {
    auto message = mail_of(n + 10);
    message.uidl = mail_of(n).uidl;
    house.server.messages.push_back(message);
  }
}

}  // namespace

TEST_CASE("mail that is known under other UIDLs does not wait") {
  Household house;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 4; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  for (auto& message : house.server.messages) message.uidl += "-new";
  house.server.messages.push_back(mail_of(5));
  const auto outcome = house.run();
  CHECK(engine::status_of(outcome) == 0);
  CHECK(outcome.totals.fetched == 1);
  CHECK(outcome.totals.waiting == 0);
  CHECK(outcome.totals.waiting_bytes == 0);
  CHECK(engine::status(house.account, house.environment).run.value().waiting == 0);
}

TEST_CASE("UIDLs that are used again do not lead past max_messages") {
  for (const bool pipelining : {true, false}) {
    CAPTURE(pipelining);
    Household house;
    house.server.options.pipelining = pipelining;
    use_uidls_again(house);
    house.account.policy.max_messages = 2;
    for (std::size_t run = 1; run <= 3; ++run) {
      const auto outcome = house.run();
      CHECK(engine::status_of(outcome) == 0);
      CHECK(house.mail().size() == 3 + 2 * run);
      CHECK(outcome.totals.waiting == 6 - 2 * run);
      CHECK(outcome.totals.over_limit == 6 - 2 * run);
    }
    CHECK(house.server.messages.empty());
  }
}

TEST_CASE("a UIDL that is used again does not lead past max_size") {
  Household house;
  use_uidls_again(house);
  house.server.messages.resize(1);
  house.server.messages[0].bytes += std::string(2000, 'x') + "\r\n";
  house.account.policy.max_size = 1000;
  const auto outcome = house.run();
  CHECK(house.mail().size() == 3);
  CHECK(outcome.totals.too_large == 1);
  REQUIRE(house.told.warnings.size() == 1);
  CHECK(house.told.warnings[0].find("larger than max_size") != std::string::npos);
  house.account.policy.max_size = 0;
  house.run();
  CHECK(house.mail().size() == 4);
}

TEST_CASE(
    "while nothing is recorded and mail is here from another database, all of it counts as not delivered") {
  Household house;
  house.account.trace_header = true;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 3; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  std::filesystem::remove_all(house.environment.state_file.parent_path());
  CHECK(engine::status_of(house.run()) == 74);
  const auto last = engine::status(house.account, house.environment).run.value();
  CHECK(last.listed == 3);
  CHECK(last.waiting == 3);
  CHECK(house.mail().size() == 3);
}
