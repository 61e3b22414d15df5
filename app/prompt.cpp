// SPDX-License-Identifier: MIT
#include "app/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>

#include "app/columns.h"
#include "app/output.h"
#include "util/error.h"
#include "util/file.h"

namespace mailhaul::app {
namespace {

// Signal handlers get no argument of ours, so they need globals. They are set before the handlers are.
std::atomic<int> silent_terminal{-1};
std::atomic<bool> was_resumed{false};
std::atomic<int> wake_up{-1};  ///< an eventfd: the handler may run before poll(2), or in another thread
termios with_echo{}, without_echo{};
struct sigaction stop_before {
}, quit_before{}, go_before{};

void keep_echo_off() {
  ::tcsetattr(silent_terminal.load(), TCSAFLUSH, &without_echo);
  was_resumed = true;
  ::eventfd_write(wake_up, 1);
}

void on_go_on(int /*signal*/) {
  const int saved = errno;
  if (silent_terminal >= 0) keep_echo_off();
  errno = saved;
}

/// Restores the echo, and stops or ends the program as the system would. After a stop, switches the echo off
/// again once the program is in the foreground.
void on_stop(int signal) {
  const int saved = errno;
  ::tcsetattr(silent_terminal.load(), TCSAFLUSH, &with_echo);
  struct sigaction plain {
  }, ours{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(signal, &plain, &ours);
  sigset_t this_one;
  sigemptyset(&this_one);
  sigaddset(&this_one, signal);
  sigset_t masked;
  ::pthread_sigmask(SIG_UNBLOCK, &this_one, &masked);
  ::raise(signal);
  ::pthread_sigmask(SIG_SETMASK, &masked, nullptr);
  ::sigaction(signal, &ours, nullptr);
  keep_echo_off();
  errno = saved;
}

void handle(int signal, void (*handler)(int), struct sigaction& before) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, &before);
}

// Ctrl-D and Backspace, if the system does not edit the line.
constexpr char end_of_input = 4, erased = 0x7f;
constexpr std::size_t longest_answer = 256UL << 10U;

/// Reads one line; nullopt: the terminal is gone, or Ctrl-D was typed.
std::optional<std::string> read_line(int terminal, std::string_view question, const util::Cancel& cancel) {
  std::string answer;
  for (char c = 0; c != '\n';) {
    std::array<struct pollfd, 3> waits{
        {{terminal, POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {wake_up, POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), -1);
    if (cancel.requested()) {
      util::write_all(terminal, "\n", "/dev/tty");
      throw util::Error(util::Kind::cancelled, "stopped while asking at the terminal");
    }
    eventfd_t times = 0;
    if (waits[2].revents != 0) ::eventfd_read(wake_up, &times);
    if (NoEcho::resumed()) {
      answer.clear();
      util::write_all(terminal, safe(question), "/dev/tty");
      continue;
    }
    if (ready < 0 || waits[0].revents == 0) continue;
    const auto n = ::read(terminal, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n != 1) return std::nullopt;
    if (c == end_of_input || answer.size() >= longest_answer) break;
    if (c == erased) {
      if (!answer.empty()) answer.pop_back();
    } else if (c != '\n') {
      answer += c;
    }
  }
  return answer;
}

}  // namespace

NoEcho::NoEcho(int fd, Lines lines) : wake_up_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (::tcgetattr(fd, &with_echo) != 0) return;
  without_echo = with_echo;
  without_echo.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  without_echo.c_lflag |= ECHONL;
  if (lines == Lines::any) {
    without_echo.c_lflag &= ~static_cast<tcflag_t>(ICANON);
    without_echo.c_cc[VMIN] = 1;
    without_echo.c_cc[VTIME] = 0;
  }
  silent_terminal = fd;
  handle(SIGQUIT, on_stop, quit_before);
  if (quit_before.sa_handler == SIG_IGN) ::sigaction(SIGQUIT, &quit_before, nullptr);
  ::tcsetattr(fd, TCSAFLUSH, &without_echo);
  was_resumed = false;
  wake_up = wake_up_.get();
  handle(SIGTSTP, on_stop, stop_before);
  handle(SIGCONT, on_go_on, go_before);
}

NoEcho::~NoEcho() {
  if (silent_terminal < 0) return;
  ::sigaction(SIGTSTP, &stop_before, nullptr);
  ::sigaction(SIGCONT, &go_before, nullptr);
  wake_up = -1;
  ::tcsetattr(silent_terminal, TCSAFLUSH, &with_echo);
  ::sigaction(SIGQUIT, &quit_before, nullptr);
  silent_terminal = -1;  // not before: a signal that ends the program meanwhile has to restore the echo
}

void restore_echo() noexcept {
  if (silent_terminal >= 0) ::tcsetattr(silent_terminal, TCSAFLUSH, &with_echo);
}

bool NoEcho::resumed() noexcept { return was_resumed.exchange(false); }

util::Fd open_terminal() { return util::Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC)); }

std::optional<util::Secret> ask(std::string_view question, const util::Cancel& cancel) {
  const auto terminal = open_terminal();
  if (!terminal) return std::nullopt;
  const NoEcho no_echo(terminal.get());
  util::write_all(terminal.get(), safe(question), "/dev/tty");
  return util::Secret(read_line(terminal.get(), question, cancel).value_or(""));
}

std::optional<util::Secret> ask_long(std::string_view question, const util::Cancel& cancel) {
  const auto terminal = open_terminal();
  if (!terminal) return std::nullopt;
  const NoEcho no_echo(terminal.get(), NoEcho::Lines::any);
  util::write_all(terminal.get(), safe(question), "/dev/tty");
  auto answer = util::Secret(read_line(terminal.get(), question, cancel).value_or(""));
  util::write_all(terminal.get(), "\n", "/dev/tty");
  return answer;
}

std::optional<std::string> ask_line(std::string_view question, const util::Cancel& cancel) {
  const auto terminal = open_terminal();
  if (!terminal) return std::nullopt;
  util::write_all(terminal.get(), safe(question), "/dev/tty");
  return read_line(terminal.get(), question, cancel);
}

void tell_at_terminal(std::string_view line) {
  if (const auto terminal = open_terminal()) util::write_all(terminal.get(), safe(line) + "\n", "/dev/tty");
}

bool agrees(std::string_view question, const util::Cancel& cancel) {
  const auto terminal = open_terminal();
  if (!terminal)
    throw util::Error(util::Kind::usage, "there is no terminal to ask on", "run it at a terminal");
  const auto lines = wrapped(safe(question), {.columns = window_columns(terminal.get())});
  util::write_all(terminal.get(), lines + " ", "/dev/tty");
  const auto answer = read_line(terminal.get(), question, cancel).value_or("");
  return answer.starts_with('y') || answer.starts_with('Y');
}

}  // namespace mailhaul::app
