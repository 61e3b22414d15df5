// SPDX-License-Identifier: MIT
#include "util/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "util/ascii.h"
#include "util/escape.h"
#include "util/file.h"

extern char** environ;

namespace mailhaul::util {

namespace {

using Clock = std::chrono::steady_clock;

/// An array of C strings that ends with a null pointer, as exec reads it.
struct Words {
  std::vector<std::string> text;
  std::vector<char*> pointers;

  void close() {
    for (auto& word : text) pointers.push_back(word.data());
    pointers.push_back(nullptr);
  }
};

Words arguments(const Launch& launch) {
  Words words;
  words.text.assign(launch.argv.begin(), launch.argv.end());
  words.close();
  return words;
}

Words environment(const Launch& launch) {
  Words words;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view have = *entry;
    const auto replaces = [&](const std::string& added) {
      return have.starts_with(std::string_view(added).substr(0, added.find('=') + 1));
    };
    if (std::ranges::none_of(launch.environment, replaces)) words.text.emplace_back(have);
  }
  words.text.insert(words.text.end(), launch.environment.begin(), launch.environment.end());
  words.close();
  return words;
}

/// The functions of posix_spawn(3) return an errno value.
void require(int err) {
  if (err != 0) throw_errno(Kind::os, "prepare", "a child process", err);
}

/// A new process group, and every signal unblocked and at its default.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    require(::posix_spawnattr_init(&attributes_));
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

/// Descriptors 0 to 2, and 3 for `keep`. All others are closed: libraries open some that would be inherited,
/// and one of them is the logged-in connection.
class SpawnFiles {
 public:
  explicit SpawnFiles(const Launch& launch) {
    require(::posix_spawn_file_actions_init(&actions_));
    if (launch.input < 0) {
      require(::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0));
    } else {
      place(launch.input, 0);
    }
    if (launch.output >= 0) place(launch.output, 1);
    if (launch.error >= 0) place(launch.error, 2);
    if (launch.keep >= 0) place(launch.keep, 3);
    require(::posix_spawn_file_actions_addclosefrom_np(&actions_, launch.keep >= 0 ? 4 : 3));
  }
  SpawnFiles(const SpawnFiles&) = delete;
  SpawnFiles& operator=(const SpawnFiles&) = delete;
  ~SpawnFiles() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  /// A descriptor that is already at `target` only loses its close-on-exec flag.
  void place(int fd, int target) { require(::posix_spawn_file_actions_adddup2(&actions_, fd, target)); }

  posix_spawn_file_actions_t actions_{};
};

/// A hint about a program that did not start.
std::string hint_for(int err) {
  if (err == ENOENT) return "install it, or give its full path";
  if (err == ENOEXEC) return "a script must begin with the line #!/bin/sh, or that of another interpreter";
  return {};
}

}  // namespace

Child::Child(const Launch& launch) {
  const Words argv = arguments(launch);
  const Words env = environment(launch);
  const SpawnAttributes attributes;
  const SpawnFiles files(launch);
  const int err = ::posix_spawnp(&pid_, argv.pointers.front(), files.get(), attributes.get(),
                                 argv.pointers.data(), env.pointers.data());
  if (err != 0) {
    pid_ = -1;
    throw Error(err == EAGAIN || err == ENOMEM ? Kind::os : Kind::storage,
                "cannot run " + launch.argv.front() + ": " + errno_text(err), hint_for(err));
  }
}

Child::~Child() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

namespace {

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left + 1, 0, 1'000'000));
}

/// Waits for the process to end, or for a cancel when `cancel_fd` is not -1. Returns whether it ended.
bool ended_by(int process, int cancel_fd, Clock::time_point deadline) {
  for (;;) {
    std::array<struct pollfd, 2> waits{{{process, POLLIN, 0}, {cancel_fd, POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (waits[0].revents != 0) return true;
    if (waits[1].revents != 0 || Clock::now() >= deadline) return false;
  }
}

}  // namespace

Exit Child::wait(std::chrono::seconds limit, const Cancel& cancel, AfterCancel after_cancel) {
  using std::chrono::milliseconds;
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process) throw_errno(Kind::os, "watch", "a child process");
  Exit exit;
  milliseconds until_kill(5000);
  auto deadline = Clock::now() + limit;
  bool over = cancel.requested() || !ended_by(process.get(), cancel.fd(), deadline);
  if (over && Clock::now() < deadline) {  // a cancel
    const bool hurry = after_cancel == AfterCancel::little && cancel.signal() == SIGINT;
    deadline = std::min(deadline, Clock::now() + (hurry ? grace_at_ctrl_c : usual_grace));
    if (hurry) until_kill = milliseconds(400);
    exit.stopped = over = !ended_by(process.get(), -1, deadline);
  }
  if (over) {
    ::kill(-pid_, SIGTERM);
    if (!ended_by(process.get(), -1, Clock::now() + until_kill)) ::kill(-pid_, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw_errno(Kind::os, "wait for", "a child process");
  }
  pid_ = -1;
  exit.timed_out = over;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
  } else {
    exit.status = WEXITSTATUS(status);
  }
  return exit;
}

Captured capture(std::span<const std::string> argv, std::size_t limit_bytes, std::chrono::seconds limit,
                 const Cancel& cancel) {
  // A file, not a pipe: nobody has to read while we wait. It has no name, because it may contain a secret.
  const Fd output(::memfd_create("output", MFD_CLOEXEC));
  const Fd error(::memfd_create("error", MFD_CLOEXEC));
  if (!output || !error) throw_errno(Kind::os, "make", "an output buffer");
  Child child({.argv = argv, .environment = {}, .output = output.get(), .error = error.get()});
  Captured captured{child.wait(limit, cancel), {}, {}};
  captured.output.resize(limit_bytes);
  captured.output.resize(pread_all(output.get(), captured.output, 0, argv.front()));
  captured.last_words = last_words(error);
  return captured;
}

namespace {

/// The text after its first line end. If nothing follows, as in a very long line, "..." and the text.
std::string without_half_line(const std::string& text) {
  const auto line_end = text.find('\n');
  const bool more_follows =
      line_end != std::string::npos && text.find_first_not_of(" ;\n", line_end) != std::string::npos;
  return more_follows ? text.substr(line_end + 1) : "..." + text;
}

}  // namespace

std::string last_words(const Fd& said) {
  constexpr off_t enough = 400;
  const auto end = ::lseek(said.get(), 0, SEEK_END);
  const auto from = std::max<off_t>(end - enough, 0);
  std::string text(static_cast<std::size_t>(std::max<off_t>(end - from, 0)), '\0');
  text.resize(pread_all(said.get(), text, from, "a program's words"));
  if (from > 0) text = without_half_line(text);
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
  while (line.ends_with(' ') || line.ends_with(';')) line.pop_back();
  return escape(line, line.size());
}

namespace {

/// The fields of proc(5) stat from the third on; none if there is no such process. The second field, the
/// program's name in parentheses, may contain anything.
std::istringstream stat_of(const std::string& pid) {
  std::ifstream stream("/proc/" + pid + "/stat");
  std::string line;
  std::getline(stream, line);
  const auto name_end = line.rfind(')');
  return std::istringstream(name_end == std::string::npos ? std::string() : line.substr(name_end + 1));
}

/// Whether a process has ended, and is ours to reap although we did not start it. A Child is in our session
/// and leads a process group; only while it is being started is it in our own group.
bool is_ended_orphan(const std::string& pid) {
  char state = 0;
  pid_t parent = 0, group = 0, session = 0;
  if (!(stat_of(pid) >> state >> parent >> group >> session)) return false;
  const bool may_be_child = session == ::getsid(0) && (std::to_string(group) == pid || group == ::getpgrp());
  return state == 'Z' && parent == ::getpid() && !may_be_child;
}

/// Whether /proc shows the process numbers of our namespace; it may be the /proc of another one.
bool proc_is_ours() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self", failed) == std::to_string(::getpid());
}

}  // namespace

bool is_running(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return false;
  if (!proc_is_ours()) return true;
  auto fields = stat_of(std::to_string(pid));
  std::string state, field;
  fields >> state;
  constexpr int fourth = 4, threads = 20;  // other threads may go on after the first one has ended
  for (int number = fourth; number <= threads; ++number) fields >> field;
  return state != "Z" || parse_number(field).value_or(1) > 1;
}

void reap_orphans() {
  if (!proc_is_ours()) return;
  std::error_code failed;
  for (std::filesystem::directory_iterator at("/proc", failed), end; !failed && at != end;
       at.increment(failed)) {
    const auto pid = parse_number(at->path().filename().native());
    if (pid && is_ended_orphan(std::to_string(*pid))) ::waitpid(static_cast<pid_t>(*pid), nullptr, WNOHANG);
  }
}

std::optional<std::uint64_t> start_of(pid_t pid) {
  auto fields = stat_of(std::to_string(pid));
  std::string field;
  constexpr int third = 3, start_time = 22;
  for (int number = third; number <= start_time; ++number) fields >> field;
  return fields ? parse_number(field) : std::nullopt;
}

std::string describe(const Exit& exit, std::chrono::seconds limit) {
  if (exit.stopped) return "stopped together with mailhaul";
  if (exit.timed_out) return "did not end within " + std::to_string(limit.count()) + " s";
  if (exit.signal != 0) {
    const char* name = sigdescr_np(exit.signal);
    return "signal " + std::to_string(exit.signal) + " (" + (name != nullptr ? name : "unknown") + ")";
  }
  return "exit status " + std::to_string(exit.status);
}

}  // namespace mailhaul::util
