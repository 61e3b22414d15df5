// SPDX-License-Identifier: MIT
#include "util/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "support/cpp/temp_dir.h"
#include "util/file.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using util::Child;
using Words = std::vector<std::string>;

namespace {

util::Exit run(const Words& argv, std::chrono::seconds limit = 60s) {
  const util::Cancel cancel;
  return Child({.argv = argv, .environment = {}}).wait(limit, cancel);
}

}  // namespace

TEST_CASE("how a program ended is told apart") {
  CHECK(run({"true"}).ok());
  CHECK(run({"sh", "-c", "exit 75"}).status == 75);
  CHECK(run({"sh", "-c", "kill -9 $$"}).signal == 9);
  const auto late = run({"sleep", "1000"}, 0s);
  CHECK(late.timed_out);
  CHECK_FALSE(late.ok());
  CHECK(util::describe(late, 0s) == "no end within 0 s");
  CHECK(util::describe({.status = 3}, 1s) == "exit status 3");
}

TEST_CASE("a program that is not there says so") {
  CHECK_THROWS_WITH_AS(run({"/nowhere/program"}), "cannot run /nowhere/program: No such file or directory",
                       util::Error);
}

TEST_CASE("words reach the program as they are, and its environment has what was added") {
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "printf '%s|%s|%s' \"$1\" \"$2\" \"$MAILHAUL_ID\"", "sh", "a b;$(c)", "*"};
  const test::TempDir dir;
  const auto output = util::open_file(dir / "out", O_RDWR | O_CREAT, 0600);
  const Words environment{"MAILHAUL_ID=7"};
  CHECK(Child({.argv = argv, .environment = environment, .output = output.get()}).wait(60s, cancel).ok());
  CHECK(test::slurp(dir / "out") == "a b;$(c)|*|7");
}

TEST_CASE("a child has default signals, umask 077 and no descriptor of ours") {
  const test::TempDir dir;
  const util::Fd open_here(::open((dir / "kept").c_str(), O_RDWR | O_CREAT, 0600));  // not close-on-exec
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "umask; ls -l /proc/self/fd | grep -c kept; grep SigIgn /proc/self/status"};
  const auto captured = util::capture(argv, 1000, 60s, cancel);
  CHECK(captured.output == "0077\n0\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("what a program said last is one line, and short") {
  const util::Cancel cancel;
  const Words argv{"sh", "-c", "yes line | head -1000 >&2; printf 'the \\033 end\\n\\n' >&2"};
  const auto captured = util::capture(argv, 1000, 60s, cancel);
  CHECK(captured.output.empty());
  CHECK(captured.last_words.starts_with("line; line; "));
  CHECK(captured.last_words.ends_with("line; the \\x1b end"));
  CHECK(captured.last_words.size() < 800);
}

TEST_CASE("output is taken up to its limit") {
  const util::Cancel cancel;
  CHECK(util::capture(Words{"sh", "-c", "printf 0123456789"}, 4, 60s, cancel).output == "0123");
}
