// SPDX-License-Identifier: MIT
#include "delivery/mda.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "fixture.h"
#include "support/cpp/time_out.h"
#include "util/process.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::thrown;
using mailhaul::test::with_time_out;

namespace {

struct MdaFixture : Fixture {
  Spec spec = test::program({});

  void set(const std::string& field, Value value) { spec.values.insert_or_assign(field, std::move(value)); }

  DeliveryResult hand_over(std::vector<std::string> command,
                           const std::string& wire = "To: x\r\n\r\nhi\r\n") {
    return hand_over(std::move(command), wire, envelope(false));
  }
  DeliveryResult hand_over(std::vector<std::string> command, const std::string& wire,
                           const Envelope& letter) {
    set("command", {.words = std::move(command)});
    const auto mda = open(spec, context);
    std::vector<Ticket> tickets{put(*mda, letter, wire)};
    mda->stage(tickets);
    return mda->publish(tickets).at(0);
  }
  std::string output() const { return slurp(dir / "out"); }
  std::string to_output() const { return "cat > " + (dir / "out").native(); }
};

}  // namespace

TEST_CASE("placeholders are replaced, everything else stays") {
  const Placeholders with{"a@b", "anna", "home", "1.mhx.host", 42};
  const std::vector<std::pair<std::string, std::string>> table{
      {"", ""},          {"%F", "a@b"}, {"-f%F", "-fa@b"}, {"%T %a %i %s", "anna home 1.mhx.host 42"},
      {"100%%", "100%"}, {"%%F", "%F"}, {"%x %", "%x %"},  {"%%%a", "%home"}};
  for (const auto& [argument, expected] : table) CHECK(expand(argument, with) == expected);
}

TEST_CASE_FIXTURE(MdaFixture, "the program reads the whole message, trace header first, with LF") {
  const auto letter = envelope();
  CHECK(hand_over({"sh", "-c", to_output()}, "From x\r\na\rb\r\n\r\nlast", letter).status ==
        DeliveryStatus::published);
  CHECK(output() == letter.trace_header + "From x\na\rb\n\nlast");
}

TEST_CASE_FIXTURE(MdaFixture, "from_line puts a From line on top and quotes nothing") {
  set("from_line", {.flag = true});
  hand_over({"sh", "-c", to_output()}, "Return-Path: <a@b>\r\n\r\nFrom x\r\n");
  CHECK(output() == "From a@b Tue Nov 14 22:13:20 2023\nReturn-Path: <a@b>\n\nFrom x\n");
}

TEST_CASE_FIXTURE(MdaFixture, "no shell sees the arguments, and each stays one") {
  const auto out = (dir / "out").native();
  context.account = "a b;$(x)";
  hand_over({"sh", "-c", "printf '<%%s>' \"$@\" > " + out, "sh", "%a", "-f %F", "$HOME `id`"},
            "Return-Path: <a b@c>\r\n\r\n");
  CHECK(output() == "<a b;$(x)><-f ab@c><$HOME `id`>");
}

TEST_CASE_FIXTURE(MdaFixture, "the program's environment holds account, id, size and retry") {
  const auto command =
      "echo $MAILHAUL_ACCOUNT $MAILHAUL_ID $MAILHAUL_SIZE ${MAILHAUL_RETRY-no} > " + (dir / "out").native();
  auto letter = envelope(false);
  hand_over({"sh", "-c", command}, "12345\r\n", letter);
  CHECK(output() == "home " + letter.id + " 6 no\n");
  letter.may_be_repeated = true;
  hand_over({"sh", "-c", command}, "12345\r\n", letter);
  CHECK(output() == "home " + letter.id + " 6 1\n");
}

TEST_CASE_FIXTURE(MdaFixture, "the program's exit decides, and its output is passed on") {
  struct Case {
    std::string script;
    DeliveryStatus status;
    std::string sentence;
  };
  const std::vector<Case> table{
      {"exit 0", DeliveryStatus::published, ""},
      {"exec <&-; exit 0", DeliveryStatus::published, ""},
      {"echo all is well; exit 0", DeliveryStatus::published, ""},
      {"exit 75", DeliveryStatus::later, "sh: exit status 75 (try again later)"},
      {"echo mailbox full >&2; exit 75", DeliveryStatus::later,
       "sh: exit status 75 (try again later): mailbox full"},
      {"echo one; echo two >&2; exit 1", DeliveryStatus::rejected, "sh: exit status 1: one; two"},
      {"printf '\\033[2J'; exit 1", DeliveryStatus::rejected, "sh: exit status 1: \\x1b[2J"},
      {"kill -9 $$", DeliveryStatus::doubt, "sh: signal 9 (Killed)"},
      {"exec <&-; exit 3", DeliveryStatus::rejected, "sh: exit status 3"}};
  for (const auto& [script, status, sentence] : table) {
    const auto result = hand_over({"sh", "-c", script}, std::string(200'000, 'x'));
    CHECK(result.status == status);
    CHECK(result.sentence == sentence);
  }
}

TEST_CASE_FIXTURE(MdaFixture, "of a long output the end is passed on") {
  const auto result = hand_over({"sh", "-c", "seq 1 10000; exit 1"});
  CHECK(result.sentence.ends_with("; 9999; 10000"));
  CHECK(result.sentence.size() < 1000);
}

TEST_CASE_FIXTURE(MdaFixture, "a program that hangs is ended with all it started") {
  CHECK(with_time_out([&](std::chrono::seconds time_out) {
    set("timeout", {.text = std::to_string(time_out.count()) + "s"});
    const auto result =
        hand_over({"sh", "-c", "sleep 9999 & echo $! > " + (dir / "out").native() + "; wait"});
    CHECK(result.status == DeliveryStatus::doubt);  // it may have taken the message
    CHECK(result.sentence == "sh: did not end within " + std::to_string(time_out.count()) + " s");
    CHECK(contains(result.hint, "timeout"));
    return output().ends_with("\n");
  }));
  const util::Fd started(static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(output()), 0)));
  struct pollfd ends {
    started.get(), POLLIN, 0
  };
  CHECK((!started || ::poll(&ends, 1, 300'000) == 1));
}

TEST_CASE_FIXTURE(MdaFixture,
                  "after a request to stop, no program is started after one that had to be ended") {
  set("command", {.words = {"sh", "-c", "echo started >> " + (dir / "out").native() + "; sleep 9999"}});
  CHECK(with_time_out([&](std::chrono::seconds time_out) {
    set("timeout", {.text = std::to_string(time_out.count()) + "s"});
    const auto mda = open(spec, context);
    std::vector<Ticket> tickets;
    for (int n = 0; n < 3; ++n) tickets.push_back(put(*mda, envelope(false), "To: x\r\n\r\nhi\r\n"));
    cancel.request();
    const auto results = mda->publish(tickets);
    CHECK(results[0].status == DeliveryStatus::doubt);
    CHECK(results[1].status == DeliveryStatus::later);
    CHECK(results[2].status == DeliveryStatus::later);
    return output() == "started\n";
  }));
}

TEST_CASE_FIXTURE(MdaFixture, "a program that cannot be started is an error with its name") {
  const auto error = thrown([&] { hand_over({"/no/such/program"}); });
  CHECK(error.kind() == util::Kind::storage);
  CHECK(contains(error.what(), "/no/such/program"));
}

TEST_CASE_FIXTURE(MdaFixture, "an abandoned message is not handed over") {
  set("command", {.words = {"true"}});
  const auto mda = open(spec, context);
  const std::vector<Ticket> tickets{put(*mda, envelope(), "x")};
  mda->discard(tickets);
  CHECK(thrown([&] { mda->publish(tickets); }).kind() == util::Kind::internal);
  CHECK(test::names_in(dir / "state").empty());
}

TEST_CASE_FIXTURE(MdaFixture, "what a program writes is passed on although it succeeded") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"echo quota at 95% >&2", "sh wrote: quota at 95%"},
      {"echo one >&2; echo two >&2", "sh wrote: one; two"},
      {"echo filed under x", "sh wrote: filed under x"},
      {"printf '\\033[2J' >&2", "sh wrote: \\x1b[2J"}};
  for (const auto& [script, said] : table) {
    CHECK(hand_over({"sh", "-c", script}).status == DeliveryStatus::published);
    CHECK(notes.back() == said);
  }
  const auto so_far = notes.size();
  hand_over({"sh", "-c", "exit 0"});
  hand_over({"sh", "-c", "echo no >&2; exit 1"});  // its words are in the error instead
  CHECK(notes.size() == so_far);
}

TEST_CASE_FIXTURE(MdaFixture, "as root nothing is handed over unless it is allowed") {
  set("allow_root", {.flag = false});
  set("command", {.words = {"procmail"}});
  const auto error = thrown([&] { open(spec, context); });
  CHECK((error.kind() == util::Kind::config) == (::geteuid() == 0));
  CHECK(error.hint().empty() == (::geteuid() != 0));
}

TEST_CASE_FIXTURE(MdaFixture, "after a power cut a message is in doubt, and named") {
  set("command", {.words = {"procmail", "-a", "it's me"}});
  const auto mda = open(spec, context);
  CHECK(mda->target() == "mda:procmail -a 'it'\\''s me'");
  const auto letter = envelope();
  const std::vector<Ticket> tickets{put(*mda, letter, "x")};
  CHECK(reopen(tickets[0], context)->recover(tickets).at(0).status ==
        DeliveryStatus::later);  // in the same boot, an attempt would be on record
  context.boot = "boot-2";
  const auto result = reopen(tickets[0], context)->recover(tickets).at(0);
  CHECK(result.status == DeliveryStatus::doubt);
  CHECK(result.sentence ==
        "nobody can tell whether procmail took " + letter.id + ": it will be handed over again");
}

TEST_CASE_FIXTURE(MdaFixture, "recovery waits for a program that outlived its mailhaul") {
  const auto lock = dir / "state/mda-abcd1234-k7.lock";
  set("command", {.words = {"true"}});
  const auto mda = open(spec, context);
  const std::vector<Ticket> tickets{put(*mda, envelope(), "x")};
  {
    auto held = util::try_lock(lock);  // like the descriptor that the program inherits
    REQUIRE(held);
    const std::vector<std::string> argv{"cat"};
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const util::Fd reader(pipe[0]);
    util::Fd writer(pipe[1]);
    util::Child child({.argv = argv, .environment = {}, .input = reader.get(), .keep = held->get()});
    held.reset();
    CHECK(!util::try_lock(lock));
    cancel.request();
    CHECK(thrown([&] { mda->recover(tickets); }).kind() == util::Kind::cancelled);
    writer = util::Fd();
  }
  CHECK(mda->recover(tickets).at(0).status == DeliveryStatus::later);
}
