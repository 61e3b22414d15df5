// SPDX-License-Identifier: MIT
#include "app/terminal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "app/asking.h"
#include "app/columns.h"
#include "app/event_text.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/times.h"

namespace mailhaul::app {

using namespace std::chrono_literals;

namespace {

Window window() {
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row == 0 ? Window().rows : size.ws_row};
}

/// How many rows the lines take. Lines that are wider than the window has become take several rows, except on
/// the console of Linux.
std::size_t rows_of(const std::vector<std::string>& lines, std::size_t columns) {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody writes it
  if (term != nullptr && std::string_view(term) == "linux") return lines.size();
  std::size_t rows = 0;
  for (const auto& line : lines) rows += std::max<std::size_t>((columns_of(line) + columns - 1) / columns, 1);
  return rows;
}

/// Each line with its priority, as sd-daemon(3) describes it.
std::string with_priority(std::string_view text, int priority) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    result.append("<" + std::to_string(priority) + ">").append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace

Terminal::Terminal(Style style) : style_(std::move(style)) {
  if (style_.screen != nullptr && style_.screen->terminal == nullptr) style_.screen->terminal = this;
}

Terminal::~Terminal() {
  if (style_.screen != nullptr && style_.screen->terminal == this) style_.screen->terminal = nullptr;
  if (drawer_.joinable()) {
    drawer_.request_stop();
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0) return;  // cannot fail: the counter is 0
    drawer_.join();
  }
  const std::lock_guard lock(mutex_);
  erase();
}

Progress* Terminal::progress_of(std::string_view account) {
  const auto found = std::ranges::find(progress_, account, &Progress::account);
  return found == progress_.end() ? nullptr : &*found;
}

void Terminal::expected(const std::vector<std::string>& accounts) {
  const std::lock_guard lock(mutex_);
  order_ = accounts;
  totals_ = LiveTotals();
  totals_.accounts = accounts.size() + progress_.size();
  hints_.clear();
}

void Terminal::begin(std::string_view account) {
  if (!style_.live || progress_of(account) != nullptr) return;
  const auto place = [this](std::string_view name) {
    return std::ranges::find(order_, name) - order_.begin();
  };
  const auto next = std::ranges::upper_bound(progress_, place(account), {},
                                             [&](const Progress& one) { return place(one.account); });
  progress_.insert(next, {.account = std::string(account)});
  totals_.accounts = std::max(totals_.accounts, totals_.ended + progress_.size());  // one was not expected
  draw();
  if (drawer_.joinable()) return;
  wake_ = util::Fd(::eventfd(0, EFD_CLOEXEC));
  try {
    drawer_ = std::jthread([this](const std::stop_token& stop) { keep_drawing(stop); });
  } catch (const std::system_error&) {
    // No more threads can be started. The lines then change only when an event is reported, and the next
    // account tries again to start the thread.
  }
}

void Terminal::end(std::string_view account) {
  const auto* progress = progress_of(account);
  if (progress == nullptr) return;
  ++totals_.ended;
  totals_.ended_ones.messages += progress->messages;
  totals_.ended_ones.arrived += progress->messages;
  totals_.ended_ones.bytes += progress->bytes;
  totals_.ended_ones.received += progress->bytes;
  if (progress->is_receiving &&
      (totals_.ended_ones.begun == LiveClock::time_point() || progress->begun < totals_.ended_ones.begun))
    totals_.ended_ones.begun = progress->begun;
  std::erase_if(progress_, [&](const Progress& one) { return one.account == account; });
}

void Terminal::undisturbed(const std::function<void()>& work) {
  const auto set_asking = [this](bool asking) {
    const std::lock_guard lock(mutex_);
    if (asking) erase();
    asking_ = asking;
    draw();
  };
  set_asking(true);
  try {
    work();
  } catch (...) {
    set_asking(false);
    throw;
  }
  set_asking(false);
}

void Terminal::started(std::string_view account) {
  const std::lock_guard lock(mutex_);
  begin(account);
}

void Terminal::doing(std::string_view account, report::Activity activity) {
  if (!style_.live) return;
  const std::lock_guard lock(mutex_);
  begin(account);
  auto* progress = progress_of(account);
  progress->activity = activity;
  progress->is_receiving = false;
  progress->removing = 0;
}

void Terminal::planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) {
    progress->messages = messages;
    progress->bytes = bytes;
    progress->arrived = 0;
    progress->received = 0;
    progress->is_receiving = messages != 0;
    progress->begun = LiveClock::now();
  }
}

void Terminal::received(std::string_view account, std::uint64_t bytes) {
  if (!style_.live) return;
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) progress->received += bytes;
}

void Terminal::arrived(std::string_view account) {
  if (!style_.live) return;
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) ++progress->arrived;
}

void Terminal::removing(std::string_view account, std::uint32_t messages) {
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) progress->removing = messages;
}

void Terminal::message(std::string_view account, const report::MessageEvent& message) {
  const std::lock_guard lock(mutex_);
  if (style_.verbose == 0) return;
  const auto line = std::string(account) + ": " + text_of(message);
  say(summaries_fd(), safe(line) + "\n");
}

void Terminal::notice(std::string_view account, Priority priority, const report::Notice& notice) {
  const bool is_error = priority == Priority::error;
  const char* const what = is_error ? "error: " : "warning: ";
  const char* const color = is_error ? "\x1b[31m" : "\x1b[33m";
  const auto columns = window_columns(STDERR_FILENO);
  const std::string who = account.empty() ? "mailhaul: " : "mailhaul: " + safe(account) + ": ";
  std::string text = who + (style_.color ? color : "") + what + (style_.color ? "\x1b[0m" : "");
  const auto end = std::min(notice.sentence.find('\n'), notice.sentence.size());
  const auto taken = columns_of(who) + std::string_view(what).size();
  text +=
      wrapped(safe(notice.sentence.substr(0, end)), {.columns = columns, .first = taken, .indent = 2}) + "\n";
  // More lines quote a file: they stay as they are.
  std::string_view rest = notice.sentence.substr(std::min(end + 1, notice.sentence.size()));
  while (!rest.empty()) {
    const auto line_end = rest.find('\n');
    text += safe(rest.substr(0, line_end)) + "\n";
    rest = line_end == std::string_view::npos ? std::string_view() : rest.substr(line_end + 1);
  }
  constexpr std::string_view lead = "  hint: ";
  if (!notice.hint.empty() && hints_.emplace(notice.hint).second)
    text.append(lead) += wrapped(safe(hint_for(notice.hint, account, style_.options)),
                                 {.columns = columns, .first = lead.size(), .indent = lead.size()}) +
                         "\n";
  say(STDERR_FILENO, text, priority);
}

void Terminal::warned(std::string_view account, const report::Notice& what) {
  const std::lock_guard lock(mutex_);
  if (style_.quiet && what.quiet_skips_it) return;
  notice(account, Priority::warning, what);
}

void Terminal::failed(std::string_view account, const report::Notice& what) {
  const std::lock_guard lock(mutex_);
  if (style_.quiet && what.quiet_skips_it) return;
  notice(account, Priority::error, what);
}

void Terminal::done(std::string_view account) {
  if (!style_.live) return;
  const std::lock_guard lock(mutex_);
  end(account);
  draw();
}

void Terminal::finished(std::string_view account, const report::Totals& totals, int status) {
  const std::lock_guard lock(mutex_);
  erase();
  end(account);
  const bool was_stopped = style_.cancel != nullptr && style_.cancel->requested() && status > 128;
  const bool was_asked = totals.not_asked.empty();
  const bool worth_a_line =
      totals.fetched != 0 || (style_.on_terminal && was_asked && (status == 0 || was_stopped));
  if (!style_.quiet && worth_a_line) {
    const auto line =
        safe(account) + ": " + (was_stopped ? "stopped: " : "") +
        text_of(totals, was_stopped ? "nothing fetched" : "no new mail") +
        why_nothing_came(style_.options.empty() ? "mailhaul -a " + safe(account) : "-a", totals);
    say(summaries_fd(), wrapped(line, {.columns = window_columns(summaries_fd()), .indent = 2}) + "\n");
  }
  draw();
}

void Terminal::recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::lock_guard lock(mutex_);
  hints_.clear();
  say(summaries_fd(), safe(account) + ": works again" +
                          (since ? "; it had failed since " + time_in_text(*since, now) : "") + "\n");
}

void Terminal::noted(std::string_view account, std::string_view sentence) {
  if (style_.verbose == 0) return;
  const std::lock_guard lock(mutex_);
  say(summaries_fd(), safe(std::string(account) + ": " + std::string(sentence)) + "\n");
}

void Terminal::traced(std::string_view account, char direction, std::string_view line) {
  if (style_.verbose < 2) return;
  const std::lock_guard lock(mutex_);
  say(STDERR_FILENO, safe(account) + " " + direction + " " + safe(line) + "\n");
}

/// A listener must not throw: the mail is fetched even if nobody reads this.
void Terminal::put(int fd, const std::string& text) noexcept {
  if (fd == STDOUT_FILENO) {
    style_.failure->print_or_note(text);
    return;
  }
  try {
    util::write_all(fd, text, "standard error");
  } catch (const util::Error&) {
    return;
  }
}

int Terminal::summaries_fd() const {
  return style_.summaries == Summaries::to_stderr ? STDERR_FILENO : STDOUT_FILENO;
}

void Terminal::keep_drawing(const std::stop_token& stop) {
  constexpr int milliseconds = 100;
  for (bool told = false; !stop.stop_requested();) {
    // Once a cancel is requested, its descriptor stays readable: to wait for it would be a busy loop.
    std::array<struct pollfd, 2> waits{
        {{wake_.get(), POLLIN, 0}, {style_.cancel == nullptr || told ? -1 : style_.cancel->fd(), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), milliseconds);
    told = style_.cancel != nullptr && style_.cancel->requested();
    const std::lock_guard lock(mutex_);
    if (!stop.stop_requested()) draw();
  }
}

void Terminal::draw() {
  if (!style_.live || asking_) return;
  totals_.is_stopping = style_.cancel != nullptr && style_.cancel->requested();
  const auto size = window();
  std::vector<std::string> lines;
  if (!progress_.empty()) lines = live_lines(progress_, totals_, size, LiveClock::now());
  if (lines == drawn_ && size == drawn_in_) return;
  std::string text = to_start();
  // A line end would push the only line out of the window.
  for (const auto& line : lines) text += line + (size.rows == 1 ? "\x1b[K" : "\x1b[K\n");
  put(STDERR_FILENO, text + "\x1b[J");
  drawn_ = std::move(lines);
  drawn_in_ = size;
  drawn_.empty() ? note_no_live_lines() : note_live_lines(rows_above());
}

void Terminal::erase() {
  if (drawn_.empty()) return;
  const auto text = to_start() + "\x1b[J";
  drawn_.clear();
  note_no_live_lines();
  put(STDERR_FILENO, text);
}

int Terminal::rows_above() const {
  const auto rows = static_cast<int>(rows_of(drawn_, window().columns));
  return drawn_in_.rows == 1 ? rows - 1 : rows;
}

/// Moves the cursor to where the live lines begin.
std::string Terminal::to_start() const {
  if (drawn_.empty()) return {};
  const auto rows = rows_above();
  return rows == 0 ? "\r" : "\x1b[" + std::to_string(rows) + "A\r";
}

void Terminal::say(int fd, const std::string& text, Priority priority) {
  const bool live = !drawn_.empty();
  erase();
  const bool has_priority = style_.journal && fd == STDERR_FILENO;
  put(fd, has_priority ? with_priority(text, static_cast<int>(priority)) : text);
  if (live) draw();
}

}  // namespace mailhaul::app
