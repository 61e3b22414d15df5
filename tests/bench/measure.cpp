// SPDX-License-Identifier: MIT
// Runs a command and writes its cost to a file, as JSON. This is a separate program because ru_maxrss of a
// process is never less than that of its parent, so that Python as the parent would hide the command's value.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "mailhaul-bench-measure: cannot %s: %s\n", what, std::strerror(errno));
  std::exit(70);
}

struct Cost {
  double wall = 0, user = 0, system = 0;
  long memory_kib = 0;
  int status = 0;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Waits until the command and all processes that it left behind have ended.
void run_once(char** command, Cost& cost) {
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  errno = posix_spawnp(&child, command[0], nullptr, nullptr, command, environ);
  if (errno != 0) fail("start the command");
  rusage used{};
  int status = 0;
  for (pid_t ended = 0; (ended = wait4(-1, &status, 0, &used)) > 0 || errno == EINTR;) {
    if (ended <= 0) continue;
    cost.user += seconds_of(used.ru_utime);
    cost.system += seconds_of(used.ru_stime);
    cost.memory_kib = std::max(cost.memory_kib, used.ru_maxrss);
    if (ended == child) cost.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  cost.wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Drops root: users fetch mail, and some clients refuse to run as root.
void become(const char* name) {
  const passwd* const user = getpwnam(name);
  if (user == nullptr || setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
      setuid(user->pw_uid) != 0) {
    fail("become that user");
  }
}

void enter_network(const char* path) {
  const int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail("enter the network namespace");
  close(space);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: mailhaul-bench-measure FILE NETWORK-NAMESPACE|- USER|- TIMES COMMAND...\n", stderr);
    return 64;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::FILE* out = std::fopen(argv[1], "we");
  if (out == nullptr) fail("write the result");
  if (std::string_view(argv[2]) != "-") enter_network(argv[2]);
  if (std::string_view(argv[3]) != "-") become(argv[3]);
  const int times = std::max(1, std::atoi(argv[4]));
  Cost cost;
  for (int i = 0; i < times; ++i) run_once(argv + 5, cost);
  std::fprintf(out, R"({"status": %d, "wall": %.6f, "user": %.6f, "system": %.6f, "memory_kib": %ld})",
               cost.status, cost.wall / times, cost.user / times, cost.system / times, cost.memory_kib);
  if (std::fclose(out) != 0) fail("write the result");
  return 0;
}
