// SPDX-License-Identifier: MIT
#include "app/signals.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string_view>

#include "app/prompt.h"

namespace mailhaul::app {

namespace {

// A signal handler gets no argument of ours, so it needs a global.
std::atomic<util::Cancel*> target{nullptr}, reload_target{nullptr};
constexpr int no_live_lines = -1;
std::atomic<int> live_lines_above{no_live_lines};

/// A failed write is ignored: there is no one to tell.
void write_to_terminal(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

[[noreturn]] void end_at_once(int signal) {
  restore_echo();
  const int rows = live_lines_above;
  if (rows != no_live_lines) {
    for (int row = 0; row < rows; ++row) write_to_terminal("\x1b[A");
    write_to_terminal("\r\x1b[Jmailhaul: stopped at once\n");
  }
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
  // If SIGCHLD is ignored, the system does not keep how a child process ended.
  ::signal(SIGCHLD, SIG_DFL);  // NOLINT(concurrency-mt-unsafe): no thread yet
  // A failed write is an error, not the end of the process.
  for (const int signal : {SIGPIPE, SIGXFSZ})
    ::signal(signal, SIG_IGN);  // NOLINT(concurrency-mt-unsafe): no thread yet
}

void note_live_lines(int rows_above) noexcept { live_lines_above = rows_above; }

void note_no_live_lines() noexcept { live_lines_above = no_live_lines; }

ReloadSignal::ReloadSignal(util::Cancel& reload) {
  reload_target = &reload;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);  // even if it was ignored
}

void ReloadSignal::aim(util::Cancel& reload) noexcept { reload_target = &reload; }

ReloadSignal::~ReloadSignal() { reload_target = nullptr; }

}  // namespace mailhaul::app
