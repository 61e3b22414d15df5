// SPDX-License-Identifier: MIT
// Deliveries that a kill, a power cut or a place that refused left incomplete.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>

#include "delivery/stdout.h"
#include "fixture.h"
#include "state/store.h"

using namespace mailhaul;
using test::body_of;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;
using Bodies = std::vector<std::string>;

namespace {

/// A program that kills the run that starts it first, and accepts all mail from then on.
delivery::Spec killer(const Household& house) {
  const auto mark = (house.dir / "killed").native();
  return test::program({"/bin/sh", "-c", "test -e " + mark + " || { touch " + mark + "; kill -9 $PPID; }"});
}

delivery::Spec refuser() { return test::program({"/bin/sh", "-c", "exit 75"}); }

/// Runs in a process of its own, which is killed.
void run_and_die(Household& house) {
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    house.run();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
}

/// Leaves two messages in a place of this kind, after a run that was killed while a program was given the
/// first one.
void leave_half_done(Household& house, const std::string& kind) {
  house.deliver_to(kind);
  house.account.deliver.push_back(killer(house));
  house.server.messages = {mail_of(1), mail_of(2)};
  run_and_die(house);
}

bool warned_of(const Household& house, const std::string& words) {
  return std::ranges::any_of(house.told.warnings,
                             [&](const auto& warning) { return warning.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("after a kill during a program's work, the copies in other places do not hinder the next run") {
  for (const std::string kind : {"mbox", "maildir"}) {
    CAPTURE(kind);
    Household house;
    leave_half_done(house, kind);
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(warned_of(house, "was handed to"));
    CHECK(house.server.messages.empty());
    if (kind == "maildir") CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
  }
}

TEST_CASE(
    "a place that is gone with a half-done delivery blocks the account only while the profile names it") {
  for (const std::string kind : {"mbox", "maildir"}) {
    CAPTURE(kind);
    Household house;
    leave_half_done(house, kind);
    const auto place = delivery::value_of(house.account.deliver.front(), "path").text;
    std::filesystem::remove_all(place);
    CHECK(engine::status_of(house.run()) == 74);
    CHECK(house.server.messages.size() == 2);
    house.deliver_to(kind == "mbox" ? "maildir" : "mbox");
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(warned_of(house, "was being delivered to " + kind + ":" + place + " when a run was killed"));
    CHECK(house.server.messages.empty());
    CHECK_FALSE(std::filesystem::exists(place));
    if (kind == "mbox") CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
    house.told.warnings.clear();
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.told.warnings.empty());
  }
}

TEST_CASE("a half-done delivery of a kind that only a later mailhaul knows stops the run") {
  Household house;
  house.deliver_to_command("exit 75");
  house.server.messages = {mail_of(1)};
  house.run();
  {
    std::mutex writes;
    state::Store store(house.environment.state_file, writes);
    const auto mailbox = store.find_mailbox("anna", "pop.example.org", 0).value();
    auto landing = store.landings(mailbox).at(0);
    landing.target = "future:/mail";
    landing.ticket = "id=17.mhold.here\n";
    store.commit(mailbox, {.landings = {landing}});
  }
  house.deliver_to("maildir");
  CHECK(engine::status_of(house.run()) == 74);
  CHECK(house.server.messages.size() == 1);
  CHECK(house.mail().empty());
}

TEST_CASE("after a kill during a program's work, another message under the same UIDL is delivered as well") {
  Household house;
  house.account.deliver.push_back(killer(house));
  house.server.messages = {mail_of(1)};
  run_and_die(house);
  house.server.messages.front().bytes = mail_of(2).bytes;  // another message of the same size
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
  CHECK(house.server.messages.empty());
}

TEST_CASE("after a power cut, messages that a program may have had are reported and keep their id") {
  Household house;
  const auto log = (house.dir / "log").native();
  house.deliver_to_command("echo \"$MAILHAUL_ID ${MAILHAUL_RETRY:-first}\" >>" + log + "; exit 75");
  house.server.messages = {mail_of(1)};
  {  // the power cut lost everything that was written after INTENT
    std::mutex writes;
    house.run();
    state::Store store(house.environment.state_file, writes);
    const auto mailbox = store.find_mailbox("anna", "pop.example.org", 0).value();
    auto landing = store.landings(mailbox).at(0);
    REQUIRE(landing.state == state::LandingState::intent);
    landing.ticket = "boot=another\nid=17.mhold.here\ntimeout=1\n";
    state::Change change;
    change.landings.push_back(landing);
    store.commit(mailbox, change);
  }
  test::spill(log, "");
  house.run();
  CHECK(warned_of(house, "was handed to"));
  CHECK(test::slurp(log) == "17.mhold.here 1\n");
}

TEST_CASE("an unreadable or empty listing changes nothing about half-done deliveries") {
  for (const bool empty : {true, false}) {
    CAPTURE(empty);
    Household house;
    house.account.deliver.push_back(refuser());
    house.server.messages = {mail_of(1), mail_of(2)};
    house.run();
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command == "STAT" && empty) return Reply("+OK 0 0\r\n");
      if (command == "LIST") return Reply(empty ? "+OK\r\n.\r\n" : "+OK\r\n1x 20\r\n2 29\r\n.\r\n");
      return std::nullopt;
    };
    house.run();
    house.server.misbehave = nullptr;
    house.run();
    CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
  }
}

TEST_CASE("nothing is delivered twice if the server changes its UIDLs during half-done deliveries") {
  for (const bool wrong_sizes : {false, true}) {
    CAPTURE(wrong_sizes);
    Household house;
    house.account.deliver.push_back(refuser());
    for (int n = 10; n < 50; ++n) house.server.messages.push_back(mail_of(n));
    house.run();
    for (auto& message : house.server.messages) message.uidl += "'";
    if (wrong_sizes) {
      house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
        if (command != "LIST") return std::nullopt;
        std::string list = "+OK\r\n";
        for (int n = 1; n <= 40; ++n) list += std::to_string(n) + " 5\r\n";
        return list + ".\r\n";
      };
    }
    for (int run = 0; run < 3; ++run) house.run();
    CHECK(house.mail().size() == 40);
  }
}

TEST_CASE("nothing is delivered twice if UIDLs change places during half-done deliveries") {
  Household house;
  house.account.deliver.push_back(refuser());
  house.server.messages = {mail_of(1), mail_of(2), mail_of(3)};
  house.run();
  house.server.messages.erase(house.server.messages.begin());
  house.server.messages[0].uidl = "uid1";
  house.server.messages[1].uidl = "uid2";
  for (int run = 0; run < 3; ++run) house.run();
  CHECK(house.mail().size() == 3);
}

TEST_CASE("a landing without a ticket does not keep old temporary files from being removed") {
  Household house;
  house.account.deliver.push_back(refuser());
  house.server.messages = {mail_of(1)};
  house.run();
  std::string orphan;
  for (const auto& entry : std::filesystem::directory_iterator(house.dir / "maildir" / "new")) {
    orphan = entry.path().filename().native();
  }
  orphan = "9" + orphan.substr(1, orphan.find(',') - 1);
  test::spill(house.dir / "maildir" / "tmp" / orphan, "what a run left that was killed");
  house.run();
  CHECK(house.left_in_tmp() == 0);
}

TEST_CASE("if a staged file vanishes, its message stays on the server and the next run delivers it") {
  struct Cleaned final : test::ForwardingDestination {
    util::Path tmp;
    void stage(std::span<delivery::Ticket> tickets) override {
      inner->stage(tickets);
      std::filesystem::remove(std::filesystem::directory_iterator(tmp)->path());
    }
  };
  Household house;
  house.server.messages = {mail_of(1), mail_of(2)};
  house.environment.open = [&](const delivery::Spec& spec, const delivery::RunContext& context) {
    auto place = std::make_unique<Cleaned>();
    place->inner = delivery::open(spec, context);
    place->tmp = house.dir / "maildir" / "tmp";
    return place;
  };
  CHECK(engine::status_of(house.run()) == 74);
  CHECK(house.mail().size() == 1);
  CHECK(house.server.messages.size() == 1);
  house.environment.open = delivery::open;
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == Bodies{body_of(1), body_of(2)});
}

TEST_CASE("a message that another place refused does not go to standard output again") {
  Household house;
  const auto out = house.dir / "out";
  house.account.deliver = {refuser(), {.kind = delivery::find_kind("stdout")}};
  house.environment.open = [&](const delivery::Spec& spec, const delivery::RunContext& context) {
    if (!spec.kind->traits.delivered_by_close()) return delivery::open(spec, context);
    static const auto file = util::open_file(out, O_WRONLY | O_CREAT | O_APPEND, 0600);
    return delivery::open_stdout(file.get(), context);
  };
  house.server.messages = {mail_of(1)};
  house.run();
  CHECK(house.told.failures.size() == 1);
  const auto once = test::slurp(out);
  CHECK(once.find("Subject: 1\n") != std::string::npos);
  house.run();
  CHECK(test::slurp(out) == once);
}
