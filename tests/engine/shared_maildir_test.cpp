// SPDX-License-Identifier: MIT
// Several accounts deliver into one Maildir.
#include <doctest/doctest.h>

#include <functional>

#include "fixture.h"
#include "state/store.h"

using namespace mailhaul;
using test::body_of;
using test::ForwardingDestination;
using test::Household;
using test::mail_of;
using Mail = std::vector<std::string>;

namespace {

/// Lets something else happen after messages were staged, and before they are published.
struct AfterStaging : ForwardingDestination {
  std::function<void()> happens;
  void stage(std::span<delivery::Ticket> tickets) override {
    inner->stage(tickets);
    happens();
  }
};

}  // namespace

TEST_CASE("two accounts that share a Maildir do not remove each other's temporary files") {
  Household first, second;
  // File names once contained 32 bits of a hash over user, host and port. They are the same for these two.
  first.account.user = "user98723";
  second.account.user = "user122326";
  second.environment.state_file = first.environment.state_file;
  second.account.deliver = first.account.deliver;
  first.server.messages = {mail_of(1)};
  second.server.messages = {mail_of(2)};
  first.environment.open = [&](const delivery::Spec& spec, const delivery::RunContext& context) {
    auto destination = std::make_unique<AfterStaging>();
    destination->inner = delivery::open(spec, context);
    destination->happens = [&] { CHECK(engine::status_of(second.run()) == 0); };
    return destination;
  };
  CHECK(engine::status_of(first.run()) == 0);
  CHECK(first.mail() == Mail{body_of(1), body_of(2)});
  CHECK(first.left_in_tmp() == 0);
}

TEST_CASE("a temporary file of version 1 stays as long as any account's ticket names it") {
  Household house;
  house.run();
  std::mutex writes;
  state::Store store(house.environment.state_file, writes);
  const auto other = store.mailbox("bert", "pop.example.org", 0);
  const std::string id = "1.mh" + store.instance() + "0a1b2c3dm5.here";
  const auto file = house.dir / "maildir" / "tmp" / id;
  test::spill(file, "staged by the other account");
  store.commit(other, {.rows = {{.id = 1}},
                       .landings = {{.row = 1,
                                     .target = "maildir:" + (house.dir / "maildir").native(),
                                     .ticket = "id=" + id + "\n"}}});
  house.run();
  CHECK(std::filesystem::exists(file));
  store.commit(other, {.without_landings = {1}});
  house.run();
  CHECK_FALSE(std::filesystem::exists(file));
}
