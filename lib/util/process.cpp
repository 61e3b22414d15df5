// SPDX-License-Identifier: MIT
#include "util/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>

#include "util/escape.h"
#include "util/file.h"

extern char** environ;

namespace mailhaul::util {

namespace {

using Clock = std::chrono::steady_clock;

/// What exec needs, made before vfork: after it only async-signal-safe calls are allowed.
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

/// In the child: puts `fd` at `target`. A descriptor already there only loses its close-on-exec flag.
void place(int fd, int target) {
  if (fd == target) {
    ::fcntl(fd, F_SETFD, 0);
  } else {
    ::dup2(fd, target);
  }
}

[[noreturn]] void become(const Launch& launch, char* const* argv, char* const* env, int report) {
  ::setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::umask(077);
  struct rlimit core {};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {  // app lowers the soft limit, for the secrets' sake
    core.rlim_cur = core.rlim_max;
    ::setrlimit(RLIMIT_CORE, &core);
  }
  int null = -1;
  if (launch.input < 0) null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  place(launch.input < 0 ? null : launch.input, 0);
  if (launch.output >= 0) place(launch.output, 1);
  if (launch.error >= 0) place(launch.error, 2);
  // Libraries open descriptors that would be inherited; one of them is the logged-in connection.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (launch.keep >= 0) ::fcntl(launch.keep, F_SETFD, 0);
  ::execvpe(argv[0], argv, env);
  const int err = errno;
  [[maybe_unused]] const auto written = ::write(report, &err, sizeof err);
  ::_exit(127);
}

}  // namespace

Child::Child(const Launch& launch) {
  Words argv = arguments(launch);
  Words env = environment(launch);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw_errno(Kind::os, "make", "a pipe");
  Fd reader(pipe[0]);
  Fd writer(pipe[1]);
  // Not fork: copying the tables of our memory costs more than starting most programs. We wait until exec.
  pid_ = ::vfork();
  if (pid_ == 0) become(launch, argv.pointers.data(), env.pointers.data(), writer.get());
  if (pid_ < 0) throw_errno(Kind::os, "start", launch.argv.front());
  writer.close_checked(Kind::os, "a pipe");
  // The pipe closes at exec; what comes through it instead is the errno of a failed one.
  int err = 0;
  ssize_t n = -1;
  do {
    n = ::read(reader.get(), &err, sizeof err);
  } while (n < 0 && errno == EINTR);
  if (n == sizeof err) {
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    throw Error(Kind::storage, "cannot run " + launch.argv.front() + ": " + errno_text(err),
                err == ENOENT ? "install it, or give its full path" : "");
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

/// Waits for the process to end, or for a cancel when `cancel_fd` is not -1. True: it ended.
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

Exit Child::wait(std::chrono::seconds limit, const Cancel& cancel) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process) throw_errno(Kind::os, "watch", "a child process");
  auto deadline = Clock::now() + limit;
  bool over = cancel.requested() || !ended_by(process.get(), cancel.fd(), deadline);
  if (over && Clock::now() < deadline) {  // a cancel: it may finish what it began
    deadline = std::min(deadline, Clock::now() + std::chrono::seconds(10));
    over = !ended_by(process.get(), -1, deadline);
  }
  if (over) {
    ::kill(-pid_, SIGTERM);
    if (!ended_by(process.get(), -1, Clock::now() + std::chrono::seconds(5))) ::kill(-pid_, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw_errno(Kind::os, "wait for", "a child process");
  }
  pid_ = -1;
  Exit exit;
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
  // A file, not a pipe: nobody has to read while we wait. It never has a name, and holds what may be a
  // secret.
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

std::string last_words(const Fd& said) {
  constexpr off_t enough = 400;
  const auto end = ::lseek(said.get(), 0, SEEK_END);
  const auto from = std::max<off_t>(end - enough, 0);
  std::string text(static_cast<std::size_t>(std::max<off_t>(end - from, 0)), '\0');
  text.resize(pread_all(said.get(), text, from, "a program's words"));
  if (from > 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
  while (line.ends_with(' ') || line.ends_with(';')) line.pop_back();
  return escape(line, line.size());
}

std::string describe(const Exit& exit, std::chrono::seconds limit) {
  if (exit.timed_out) return "no end within " + std::to_string(limit.count()) + " s";
  if (exit.signal != 0) {
    const char* name = sigdescr_np(exit.signal);
    return "signal " + std::to_string(exit.signal) + " (" + (name != nullptr ? name : "unknown") + ")";
  }
  return "exit status " + std::to_string(exit.status);
}

}  // namespace mailhaul::util
