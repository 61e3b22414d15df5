// SPDX-License-Identifier: MIT
#include "delivery/mbox.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "fixture.h"
#include "util/host.h"
#include "util/process.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::deliver;
using mailhaul::test::Fixture;
using mailhaul::test::names_in;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::spill;
using mailhaul::test::thrown;

namespace fs = std::filesystem;
using Tickets = std::vector<Ticket>;

namespace {

constexpr Locking impatient{.lock_timeout = std::chrono::milliseconds(0)};

struct MboxFixture : Fixture {
  fs::path path = dir / "mail/box";
  fs::path dotlock = dir / "mail/box.lock";
  std::unique_ptr<Destination> mbox = open_mbox(path, impatient, context);
  const std::string from = "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n";

  Tickets staged(const std::vector<std::string>& wires) {
    Tickets tickets;
    for (const auto& wire : wires) tickets.push_back(put(*mbox, envelope(false), wire));
    mbox->stage(tickets);
    return tickets;
  }
};

class OtherLock {
 public:
  explicit OtherLock(const fs::path& path) : file_(util::open_file(path, O_RDWR | O_CREAT, 0600)) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    REQUIRE(::fcntl(file_.get(), F_OFD_SETLK, &whole) == 0);
  }

 private:
  util::Fd file_;
};

}  // namespace

TEST_CASE_FIXTURE(MboxFixture, "a message becomes an mboxrd entry, byte for byte") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "\n"},
      {"a\r\n", "a\n\n"},
      {"a", "a\n\n"},
      {"a\r\n\r\n", "a\n\n\n"},
      {"a\r", "a\r\n\n"},
      {"From x\r\n>From y\r\n From z\r\n", ">From x\n>>From y\n From z\n\n"},
      {"a\r\nFrom", "a\nFrom\n\n"},
      {"a\r\nFrom ", "a\n>From \n\n"},
      {std::string("\0.\r\n", 4), std::string("\0.\n\n", 4)}};
  std::string expected;
  for (const auto& [wire, entry] : table) {
    for (const std::size_t piece : {1UL, 2UL, 1UL << 20U}) {
      const auto one = envelope();
      CHECK(deliver(*mbox, {put(*mbox, one, wire, piece)}).at(0).status == DeliveryStatus::published);
      expected += from + one.trace_header + entry;
      CHECK(slurp(path) == expected);
    }
  }
  CHECK(!fs::exists(dotlock));
}

TEST_CASE_FIXTURE(MboxFixture, "the From line names the Return-Path's address") {
  deliver(*mbox, {put(*mbox, envelope(false), "Return-Path: <anna@example.it>\r\nTo: x\r\n\r\nhi\r\n", 1)});
  CHECK(slurp(path) ==
        "From anna@example.it Tue Nov 14 22:13:20 2023\nReturn-Path: <anna@example.it>\nTo: x\n\nhi\n\n");
}

TEST_CASE_FIXTURE(MboxFixture, "a batch is appended to existing mail after one blank line") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", ""}, {"From a\n\nx", "\n\n"}, {"From a\n\nx\n", "\n"}, {"From a\n\nx\n\n", ""}};
  for (const auto& [before, padding] : table) {
    spill(path, before);
    const auto tickets = staged({"one\r\n", "two\r\n"});
    CHECK(slurp(path) == before);
    CHECK(fs::exists(dotlock));
    (void)mbox->publish(tickets);
    CHECK(slurp(path) == before + padding + from + "one\n\n" + from + "two\n\n");
    CHECK(!fs::exists(dotlock));
  }
}

TEST_CASE_FIXTURE(MboxFixture, "the file is created with the first message, for its owner only") {
  CHECK(!fs::exists(path));
  const auto tickets = staged({"x"});
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  mbox->discard(tickets);
  CHECK(slurp(path).empty());
}

TEST_CASE_FIXTURE(MboxFixture, "abandoned messages, in any order, are not in the mbox") {
  auto one = put(*mbox, envelope(false), "one\r\n");
  mbox->begin(envelope(false), 10)->append("half a messa");
  auto two = put(*mbox, envelope(false), "two\r\n");
  auto three = put(*mbox, envelope(false), "three\r\n");
  mbox->discard(Tickets{two});
  deliver(*mbox, {one, three});
  CHECK(slurp(path) == from + "one\n\n" + from + "three\n\n");
  mbox->discard(Tickets{put(*mbox, envelope(false), "four\r\n")});
  CHECK(names_in(dir / "state/spool").size() == 1);
}

TEST_CASE_FIXTURE(MboxFixture, "a discarded batch leaves no spool and no lock") {
  mbox->discard(staged({"x"}));
  CHECK(names_in(dir / "state/spool").empty());
  CHECK(!fs::exists(dotlock));
  const OtherLock free(path);
}

TEST_CASE_FIXTURE(MboxFixture, "a spool stays until its landings are recorded") {
  deliver(*mbox, {put(*mbox, envelope(), "one")});
  const auto first = names_in(dir / "state/spool");
  CHECK(first.size() == 1);
  auto second = Tickets{put(*mbox, envelope(), "two")};
  mbox->stage(second);
  CHECK(names_in(dir / "state/spool").size() == 2);
  (void)mbox->publish(second);
  CHECK(names_in(dir / "state/spool").size() == 1);
  CHECK(names_in(dir / "state/spool") != first);
  mbox->sweep(second);
  CHECK(names_in(dir / "state/spool").size() == 1);
  mbox->sweep({});
  CHECK(names_in(dir / "state/spool").empty());
}

TEST_CASE_FIXTURE(MboxFixture, "sweep leaves the spools of others") {
  deliver(*mbox, {put(*mbox, envelope(), "one")});
  const auto other = open_mbox(dir / "mail/other", impatient, context);
  other->sweep({});
  RunContext stranger = context;
  stranger.mailbox = "k8";
  open_mbox(path, impatient, stranger)->sweep({});
  CHECK(names_in(dir / "state/spool").size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "anything but a plain file of our own is refused, and named") {
  spill(dir / "real", "");
  fs::create_symlink(dir / "real", dir / "link");
  fs::create_symlink(dir / "nowhere", dir / "dangling");
  spill(dir / "hard", "");
  fs::create_hard_link(dir / "hard", dir / "harder");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  fs::create_directory(dir / "folder");
  const std::vector<std::pair<std::string, std::string>> table{{"link", "is a symbolic link"},
                                                               {"dangling", "is a symbolic link"},
                                                               {"hard", "has a second name (a hard link)"},
                                                               {"fifo", "is not a regular file"},
                                                               {"folder", "is a directory"}};
  for (const auto& [name, words] : table) {
    const auto error = thrown([&, &file = name] { open_mbox(dir / file, impatient, context); });
    CHECK(error.kind() == util::Kind::cannot_create);
    CHECK(std::string(error.what()) == (dir / name).native() + " " + words);
    CHECK(!error.hint().empty());
  }
}

TEST_CASE_FIXTURE(MboxFixture, "an mbox that became a symbolic link is not followed") {
  spill(dir / "secret", "mine");
  Tickets tickets{put(*mbox, envelope(), "x")};
  fs::create_symlink(dir / "secret", path);
  CHECK(thrown([&] { mbox->stage(tickets); }).kind() == util::Kind::cannot_create);
  CHECK(slurp(dir / "secret") == "mine");
  CHECK(names_in(dir / "state/spool").empty());
}

TEST_CASE_FIXTURE(MboxFixture, "an mbox that another program has locked is left for later") {
  Tickets tickets{put(*mbox, envelope(), "x")};
  const OtherLock other(path);
  const auto error = thrown([&] { mbox->stage(tickets); });
  CHECK(error.kind() == util::Kind::temporary);
  CHECK(std::string(error.what()) == "cannot lock " + path.native() + ": it is locked by another program");
  CHECK(!error.hint().empty());
  CHECK(!fs::exists(dotlock));
  CHECK(names_in(dir / "state/spool").empty());
}

TEST_CASE_FIXTURE(MboxFixture, "another program's dotlock is respected and stays") {
  Tickets tickets{put(*mbox, envelope(), "x")};
  const auto living = std::to_string(::getpid()) + "\n";
  spill(dotlock, living);
  const auto error = thrown([&] { mbox->stage(tickets); });
  CHECK(error.kind() == util::Kind::temporary);
  CHECK(contains(error.what(), dotlock.native()));
  CHECK(contains(error.hint(), "rm " + dotlock.native()));
  CHECK(slurp(dotlock) == living);
  const OtherLock free(path);
}

TEST_CASE_FIXTURE(MboxFixture, "our own dotlock, left by a killed run, is taken over") {
  spill(dotlock, "99999999\nmailhaul abcd1234\n and something behind it");
  deliver(*mbox, {put(*mbox, envelope(false), "x\r\n")});
  CHECK(slurp(path) == from + "x\n\n");
  CHECK(!fs::exists(dotlock));
  spill(dotlock, "99999999\nmailhaul abcd1234\n");
  mbox->sweep({});
  CHECK(!fs::exists(dotlock));
}

TEST_CASE_FIXTURE(MboxFixture,
                  "a dotlock of a mailhaul that lost its state is taken over when its process is gone") {
  const std::string living = std::to_string(::getpid()) + "\nmailhaul lost5678\n";
  spill(dotlock, living);
  mbox->sweep({});
  CHECK(slurp(dotlock) == living);
  spill(dotlock, "99999999\nmailhaul lost5678\n");
  deliver(*mbox, {put(*mbox, envelope(false), "x\r\n")});
  CHECK(slurp(path) == from + "x\n\n");
  CHECK(!fs::exists(dotlock));
}

TEST_CASE_FIXTURE(
    MboxFixture,
    "a dotlock of a mailhaul that lost its state names its process for good, not by its number") {
  const std::string living = std::to_string(::getpid()) + "\nmailhaul lost5678\n";
  fs::create_directories(dir / "state/spool");
  const std::string born = "started " + std::to_string(util::start_of(::getpid()).value()) + " after boot ";
  for (const auto& [content, taken] :
       std::initializer_list<std::pair<std::string, bool>>{{living + born + "boot-1\n", false},
                                                           {living + born + "boot-0\n", true},
                                                           {living + "started 1 after boot boot-1\n", true},
                                                           {living + "started", false}}) {
    CAPTURE(content);
    spill(path, "");
    spill(dotlock, content);
    mbox->sweep({});
    CHECK(fs::exists(dotlock) == !taken);
    CHECK((taken || slurp(dotlock) == content));
  }
}

TEST_CASE_FIXTURE(MboxFixture,
                  "a dotlock of a process that has ended, but was not reaped yet, is taken over") {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(0);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOWAIT) == 0);
  spill(dotlock, std::to_string(process) + "\n");
  deliver(*mbox, {put(*mbox, envelope(false), "x\r\n")});
  CHECK(slurp(path) == from + "x\n\n");
  ::waitpid(process, nullptr, 0);
}

TEST_CASE_FIXTURE(MboxFixture,
                  "another program's dotlock that nobody will remove is taken over, with a warning") {
  constexpr std::int64_t an_hour = 3600, two_days = 2 * 86400;
  const auto living = std::to_string(::getpid());
  const struct {
    std::string content;
    std::int64_t age;
    bool taken;
  } table[] = {{"99999999\n", 0, true},  // its process is gone
               {"99999999", 0, true},
               {"  99999999\n", 0, true},
               {std::string("99999999\n\0", 10), 0, true},
               {"99999999\nother.example.org\n", an_hour, false},  // its process may run on another machine
               {"99999999\nother.example.org\n", two_days, true},
               {"99999999 other.example.org\n", an_hour, false},
               {"99999999 " + util::host_name() + "\n", an_hour, true},  // its process ran here and is gone
               {"99999999\n" + util::host_name(), an_hour, true},
               {living + " " + util::host_name() + "\n", two_days, false},
               {"", an_hour, false},  // its owner is unknown
               {"", two_days, true},
               {"0\n", an_hour, false},
               {"0\n", two_days, true},
               {"example.org:4711", an_hour, false},
               {"example.org:4711", two_days, true},
               {"", -two_days, false},
               {living + "\n", two_days, false},  // its process runs, however old the lock is
               {living, two_days, false}};
  std::size_t said = 0;
  for (const auto& row : table) {
    CAPTURE(row.content);
    CAPTURE(row.age);
    spill(dotlock, row.content);
    const struct timespec then[2]{{clock - row.age, 0}, {clock - row.age, 0}};
    REQUIRE(::utimensat(AT_FDCWD, dotlock.c_str(), then, 0) == 0);
    Tickets tickets{put(*mbox, envelope(false), "x\r\n")};
    const auto error = thrown([&] { deliver(*mbox, tickets); });
    CHECK((error.kind() == util::Kind::temporary) == !row.taken);
    if (!row.taken) CHECK(slurp(dotlock) == row.content);
    if (row.taken) CHECK(!fs::exists(dotlock));
    said += row.taken ? 1 : 0;
    CHECK(warnings.size() == said);
    if (row.taken) CHECK(contains(warnings.back(), "took over " + dotlock.native()));
    fs::remove(dotlock);
  }
}

TEST_CASE_FIXTURE(MboxFixture, "a dotlock that is a directory or a symbolic link is not taken over") {
  fs::create_directory(dotlock);
  Tickets tickets{put(*mbox, envelope(), "x")};
  CHECK(thrown([&] { mbox->stage(tickets); }).kind() == util::Kind::temporary);
  fs::remove(dotlock);
  spill(dir / "mail/elsewhere", "99999999\n");
  fs::create_symlink("elsewhere", dotlock);
  tickets = {put(*mbox, envelope(), "x")};
  CHECK(thrown([&] { mbox->stage(tickets); }).kind() == util::Kind::temporary);
  CHECK(slurp(dir / "mail/elsewhere") == "99999999\n");
}

TEST_CASE_FIXTURE(MboxFixture, "as root an mbox of another user, or one in their directory, is refused") {
  if (::geteuid() != 0) return;
  fs::create_directory(dir / "home");
  spill(dir / "theirs", "");
  for (const auto* theirs : {"home", "theirs"}) REQUIRE(::chown((dir / theirs).c_str(), 65534, 65534) == 0);
  for (const auto* name : {"theirs", "home/box", "home/a/box"}) {
    CAPTURE(name);
    const auto error = thrown([&, &file = name] { open_mbox(dir / file, impatient, context); });
    CHECK(error.kind() == util::Kind::cannot_create);
    CHECK(contains(error.what(), " belongs to another user"));
    CHECK(contains(error.hint(), "run mailhaul as that user: sudo -u "));
  }
  CHECK(names_in(dir / "home").empty());
}

TEST_CASE_FIXTURE(MboxFixture, "the dotlock names process and instance") {
  const auto tickets = staged({"x"});
  CHECK(slurp(dotlock) == std::to_string(::getpid()) + "\nmailhaul abcd1234\nstarted " +
                              std::to_string(util::start_of(::getpid()).value()) + " after boot boot-1\n");
  (void)mbox->publish(tickets);
}

TEST_CASE_FIXTURE(MboxFixture, "with fcntl alone no dotlock is created or respected") {
  spill(dotlock, "4711\n");
  const auto plain = open_mbox(path, {.kind = MboxLock::fcntl}, context);
  deliver(*plain, {put(*plain, envelope(false), "x\r\n")});
  CHECK(slurp(path) == from + "x\n\n");
}

TEST_CASE_FIXTURE(MboxFixture, "after a request to stop, nobody waits for a lock") {
  const auto patient = open_mbox(path, {}, context);
  Tickets tickets{put(*patient, envelope(), "x")};
  const OtherLock other(path);
  cancel.request();
  CHECK(thrown([&] { patient->stage(tickets); }).kind() == util::Kind::cancelled);
}

TEST_CASE_FIXTURE(MboxFixture, "two accounts in one mbox wait for each other") {
  const auto other = open_mbox(path, impatient, context);
  const auto first = staged({"one\r\n"});
  Tickets second{put(*other, envelope(false), "two\r\n")};
  CHECK(thrown([&] { other->stage(second); }).kind() == util::Kind::temporary);
  (void)mbox->publish(first);
  deliver(*other, {put(*other, envelope(false), "two\r\n")});
  CHECK(slurp(path) == from + "one\n\n" + from + "two\n\n");
}

TEST_CASE_FIXTURE(MboxFixture, "a full disk leaves the mbox unchanged, and recovery completes it") {
  const std::string before = "From a\n\nold\n\n";
  spill(path, before + std::string(3'000'000, 'x') + "\n\n");
  const auto size = fs::file_size(path);
  Tickets tickets{put(*mbox, envelope(false), std::string(1'000'000, 'y'))};
  mbox->stage(tickets);
  struct rlimit old {};
  ::getrlimit(RLIMIT_FSIZE, &old);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit low { size + 500'000, old.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &low);
  const auto error = thrown([&] { mbox->publish(tickets); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(error.kind() == util::Kind::storage);
  CHECK(fs::file_size(path) == size);
  CHECK(!fs::exists(dotlock));
  CHECK(mbox->recover(tickets).at(0).status == DeliveryStatus::published);
  CHECK(fs::file_size(path) == size + from.size() + 1'000'002);
}
