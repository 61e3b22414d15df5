// SPDX-License-Identifier: MIT
#include "util/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <sstream>
#include <thread>
#include <utility>

#include "support/cpp/temp_dir.h"
#include "support/cpp/time_out.h"
#include "util/file.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using util::Child;
using Words = std::vector<std::string>;

namespace {

util::Exit run(const Words& argv, std::chrono::seconds limit = test::limit) {
  const util::Cancel cancel;
  return Child({.argv = argv, .environment = {}}).wait(limit, cancel);
}

}  // namespace

TEST_CASE("the ways in which a program can end are distinguished") {
  CHECK(run({"true"}).ok());
  CHECK(run({"sh", "-c", "exit 75"}).status == 75);
  CHECK(run({"sh", "-c", "kill -9 $$"}).signal == 9);
  const auto late = run({"sleep", "1000"}, 0s);
  CHECK(late.timed_out);
  CHECK_FALSE(late.ok());
  CHECK(util::describe(late, 0s) == "did not end within 0 s");
  CHECK(util::describe({.status = 3}, 1s) == "exit status 3");
}

namespace {

/// Starts a child and asks it to stop with `signal`. The child ends by itself, but only after two other
/// children, one after the other, were ended by SIGINT. Returns how the first child ended.
util::Exit ended_behind_two(int signal, util::AfterCancel after) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  const util::Fd reader(pipe[0]);
  util::Fd writer(pipe[1]);
  const Words until_closed{"cat"};
  Child child({.argv = until_closed, .environment = {}, .input = reader.get()});
  std::promise<void> is_waited_for;
  auto end = std::async(std::launch::async, [&] {
    util::Cancel cancel;
    cancel.request(signal);
    is_waited_for.set_value();
    return child.wait(test::limit, cancel, after);
  });
  is_waited_for.get_future().wait();
  util::Cancel at_ctrl_c;
  at_ctrl_c.request(SIGINT);
  for (int number = 0; number < 2; ++number) {
    const Words argv{"sleep", "9999"};
    const auto ended =
        Child({.argv = argv, .environment = {}}).wait(test::limit, at_ctrl_c, util::AfterCancel::little);
    CHECK(ended.stopped);
    CHECK_FALSE(ended.ok());
    CHECK(util::describe(ended, 300s) == "stopped together with mailhaul");
  }
  writer = util::Fd();
  return end.get();
}

}  // namespace

TEST_CASE("after a cancel a child has little time at SIGINT, unless it must not be ended early") {
  using enum util::AfterCancel;
  for (const auto& stop : {std::pair(SIGINT, its_work), std::pair(SIGTERM, little)}) {
    CAPTURE(stop.first);
    // On a busy machine, the other two children may take longer than this child is given.
    bool ended_by_itself = false;
    for (int attempt = 0; attempt < 20 && !ended_by_itself; ++attempt)
      ended_by_itself = ended_behind_two(stop.first, stop.second).ok();
    CHECK(ended_by_itself);
  }
}

TEST_CASE("a missing program is reported") {
  CHECK_THROWS_WITH_AS(run({"/nowhere/program"}), "cannot run /nowhere/program: No such file or directory",
                       util::Error);
}

TEST_CASE("arguments reach the program unchanged, and its environment has the additions") {
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "printf '%s|%s|%s' \"$1\" \"$2\" \"$MAILHAUL_ID\"", "sh", "a b;$(c)", "*"};
  const test::TempDir dir;
  const auto output = util::open_file(dir / "out", O_RDWR | O_CREAT, 0600);
  const Words environment{"MAILHAUL_ID=7"};
  CHECK(Child({.argv = argv, .environment = environment, .output = output.get()})
            .wait(test::limit, cancel)
            .ok());
  CHECK(test::slurp(dir / "out") == "a b;$(c)|*|7");
}

TEST_CASE("a child has our umask and none of our descriptors") {
  const test::TempDir dir;
  const util::Fd open_here(::open((dir / "kept").c_str(), O_RDWR | O_CREAT, 0600));  // not close-on-exec
  const util::Cancel cancel;
  const auto umask_before = ::umask(077);
  const auto captured = util::capture(Words{"sh", "-c", "umask; ls -l /proc/self/fd | grep -c kept"}, 1000,
                                      test::limit, cancel);
  ::umask(umask_before);
  CHECK(captured.output == "0077\n0\n");
}

TEST_CASE("a child has every signal unblocked and at its default") {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  ::signal(SIGUSR2, SIG_IGN);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const auto exit = run({"sh", "-c", "kill -USR2 $$"});
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::signal(SIGUSR2, SIG_DFL);
  CHECK(exit.signal == SIGUSR2);
}

TEST_CASE("the descriptor that a child keeps is its number 3, and the only one beside the standard ones") {
  const test::TempDir dir;
  const auto kept = util::open_file(dir / "kept", O_RDWR | O_CREAT, 0600);
  const auto output = util::open_file(dir / "out", O_RDWR | O_CREAT, 0600);
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "ls /proc/$$/fd; readlink /proc/$$/fd/3"};
  Child child({.argv = argv, .environment = {}, .output = output.get(), .keep = kept.get()});
  REQUIRE(child.wait(test::limit, cancel).ok());
  CHECK(test::slurp(dir / "out") == "0\n1\n2\n3\n" + (dir / "kept").string() + "\n");
}

TEST_CASE("a script without an interpreter is not run, and the hint says what is missing") {
  const test::TempDir dir;
  test::spill(dir / "script", "exit 0\n");
  ::chmod((dir / "script").c_str(), 0700);
  try {
    run({(dir / "script").string()});
    FAIL("it was started");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::Kind::storage);
    CHECK(error.hint().find("#!/bin/sh") != std::string::npos);
  }
}

TEST_CASE("the last words of a program are one short line") {
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "yes line | head -1000 >&2; printf 'the \\033 end\\n\\n' >&2"};
  const auto captured = util::capture(argv, 1000, test::limit, cancel);
  CHECK(captured.output.empty());
  CHECK(captured.last_words.starts_with("line; line; "));
  CHECK(captured.last_words.ends_with("line; the \\x1b end"));
  CHECK(captured.last_words.size() < 800);
}

TEST_CASE("of a last line that is longer than a person reads, the end is kept") {
  const util::Cancel cancel;
  const auto end_of = [&](const std::string& script) {
    return util::capture(Words{"sh", "-c", script}, 1000, test::limit, cancel).last_words;
  };
  const std::string before = "echo first >&2; printf '%0500d' 0 >&2; ";
  for (const std::string end :
       {"printf 'no room' >&2", "echo 'no room' >&2", "printf 'no room\\n \\n\\n' >&2"}) {
    CAPTURE(end);
    const auto words = end_of(before + end);
    CHECK(words.starts_with("...0000"));
    CHECK(words.ends_with("000no room"));
    CHECK(words.size() <= 403);
  }
  CHECK(end_of(before + "printf '\\nno room' >&2") == "no room");
}

TEST_CASE("output is read up to its limit") {
  const util::Cancel cancel;
  CHECK(util::capture(Words{"sh", "-c", "printf 0123456789"}, 4, test::limit, cancel).output == "0123");
}

namespace {

std::atomic<int> handled_by_children{0};
pid_t own_process = 0;

/// Sends SIGUSR1 to the process group without a pause while children start. Returns how often the handler ran
/// in a child, which shares our memory until exec.
int handler_runs_in_children() {
  ::setpgid(0, 0);
  own_process = ::getpid();
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (::getpid() != own_process) handled_by_children.fetch_add(1);
  };
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
  std::atomic<bool> done{false};
  std::thread sender([&] {
    while (!done.load()) ::kill(0, SIGUSR1);
  });
  for (int i = 0; i < 100; ++i) (void)run({"true"});
  done.store(true);
  sender.join();
  return handled_by_children.load();
}

}  // namespace

namespace {

/// Makes this process inherit orphans, like process 1 of a container. Returns 0 if the orphan is reaped and
/// the exit status of the child is left to the caller of wait().
int reap_as_heir() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return 1;
  const util::Fd reader(pipe[0]);
  util::Fd writer(pipe[1]);
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "sleep 0 & echo $$ $!"};  // the shell leaves `sleep` as an orphan
  Child child({.argv = argv, .environment = {}, .output = writer.get()});
  writer = util::Fd();
  std::string numbers(40, '\0');
  for (std::size_t at = 0, got = 1; got != 0; at += got)  // the pipe ends when both have closed it
    got = static_cast<std::size_t>(std::max<ssize_t>(::read(reader.get(), numbers.data() + at, 40 - at), 0));
  id_t shell = 0, orphan = 0;
  if (!(std::istringstream(numbers) >> shell >> orphan)) return 5;
  siginfo_t ended{};
  // A process closes its files before it gives its children away: only its end shows that they are ours.
  for (const auto process : {shell, orphan})
    if (::waitid(P_PID, process, &ended, WEXITED | WNOWAIT) != 0) return 2;
  util::reap_orphans();
  if (::waitpid(static_cast<pid_t>(orphan), nullptr, WNOHANG) != -1 || errno != ECHILD) return 3;
  return child.wait(test::limit, cancel).ok() ? 0 : 4;
}

}  // namespace

TEST_CASE("orphans are reaped, and a child keeps its exit status for the one who waits") {
  const pid_t heir = ::fork();
  REQUIRE(heir >= 0);
  if (heir == 0) ::_exit(reap_as_heir());
  int status = -1;
  REQUIRE(::waitpid(heir, &status, 0) == heir);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a signal to the process group never runs our handler in a child") {
  const pid_t group = ::fork();  // a process group of its own, so that nobody else gets the signals
  REQUIRE(group >= 0);
  if (group == 0) ::_exit(handler_runs_in_children() == 0 ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(group, &status, 0) == group);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
