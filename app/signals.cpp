// SPDX-License-Identifier: MIT
#include "app/signals.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>

namespace mailhaul::app {

namespace {

// A signal handler gets no argument of ours, so it needs a global.
std::atomic<util::Cancel*> target{nullptr}, reload_target{nullptr};
std::atomic<bool> live_lines_shown{false};

[[noreturn]] void end_at_once(int signal) {
  constexpr std::array<char, 2> line_end{'\r', '\n'};
  if (live_lines_shown && ::write(STDERR_FILENO, line_end.data(), line_end.size()) < 0)
    ::_exit(128 + signal);  // nobody can be told
  ::_exit(128 + signal);
}

void on_signal(int signal) {
  util::Cancel* const reload = reload_target.load();
  if (signal == SIGHUP && reload != nullptr) return reload->request(signal);
  util::Cancel* cancel = target.load();
  if (cancel->requested()) end_at_once(signal);
  cancel->request(signal);
}

}  // namespace

void catch_signals(util::Cancel& cancel) {
  target = &cancel;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : std::array<int, 3>{SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
    ::sigaction(signal, &action, nullptr);
  }
  // A failed write is an error, not the end of the process.
  for (const int signal : {SIGPIPE, SIGXFSZ})
    ::signal(signal, SIG_IGN);  // NOLINT(concurrency-mt-unsafe): no thread yet
}

void note_live_lines(bool shown) noexcept { live_lines_shown = shown; }

ReloadSignal::ReloadSignal(util::Cancel& reload) {
  reload_target = &reload;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);  // also where it was ignored
}

void ReloadSignal::aim(util::Cancel& reload) noexcept { reload_target = &reload; }

ReloadSignal::~ReloadSignal() { reload_target = nullptr; }

}  // namespace mailhaul::app
