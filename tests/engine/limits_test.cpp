// SPDX-License-Identifier: MIT
// max_messages and max_bytes count what a run fetches, however many sessions the run needs.
#include <doctest/doctest.h>

#include "fixture.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;

namespace {

/// A destination that settles each message as soon as the next one arrives.
struct OneMessageBatches : test::ForwardingDestination {
  delivery::Traits one_at_a_time;
  explicit OneMessageBatches(std::unique_ptr<delivery::Destination> real) {
    inner = std::move(real);
    one_at_a_time = inner->traits();
    one_at_a_time.batch = 1;
  }
  const delivery::Traits& traits() const noexcept override { return one_at_a_time; }
};

/// Six messages of 22 octets. The first session ends without an answer to its third RETR.
struct TwoSessions : Household {
  std::size_t retrieved = 0;
  TwoSessions() {
    for (int n = 1; n <= 6; ++n) server.messages.push_back(mail_of(n));
    environment.open = [](const auto&... arguments) -> std::unique_ptr<delivery::Destination> {
      return std::make_unique<OneMessageBatches>(delivery::open(arguments...));
    };
    server.misbehave = [this](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (!command.starts_with("RETR") || ++retrieved != 3) return std::nullopt;
      return Reply("", true);
    };
  }
};

}  // namespace

TEST_CASE("the limits of a run hold over all its sessions") {
  for (const bool uidl : {true, false}) {
    for (const bool leave : {true, false}) {
      for (const std::string key : {"max_messages", "max_bytes"}) {
        CAPTURE(uidl);
        CAPTURE(leave);
        CAPTURE(key);
        TwoSessions house;
        house.server.options.uidl = house.server.options.top = uidl;
        house.account.policy.leave_on_server = leave;
        if (key == "max_bytes") house.account.policy.max_bytes = 70;
        if (key == "max_messages") house.account.policy.max_messages = 3;
        const auto outcome = house.run();
        CHECK_FALSE(outcome.error);
        CHECK(house.server.sessions >= 2);
        CHECK(outcome.totals.fetched == 3);
        CHECK(house.mail().size() == 3);
        CHECK(house.server.messages.size() == (leave ? 6 : 3));
        CHECK_FALSE(house.run().error);
        CHECK(house.mail().size() == 6);
      }
    }
  }
}
