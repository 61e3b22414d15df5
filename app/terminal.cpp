// SPDX-License-Identifier: MIT
#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "app/output.h"
#include "util/units.h"

namespace mailhaul::app {

using namespace std::chrono_literals;

std::size_t printable_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte <= 0x7e) {
      ++i;
      continue;
    }
    const std::size_t length = byte >= 0xc3 && byte <= 0xdf ? 2
                               : (byte & 0xf0U) == 0xe0     ? 3
                               : (byte & 0xf8U) == 0xf0     ? 4
                               : byte == 0xc2               ? 2
                                                            : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80) return i;
    }
    if (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return i;  // C1 controls
    i += length;
  }
  return i;
}

namespace {

std::size_t columns() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string clock_text(std::chrono::seconds left) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld", static_cast<long long>(left.count() / 60),
                static_cast<long long>(left.count() % 60));
  return text.data();
}

}  // namespace

Terminal::~Terminal() {
  const std::lock_guard lock(mutex_);
  erase();
}

Terminal::Progress* Terminal::progress_of(std::string_view account) {
  const auto found = std::ranges::find(progress_, account, &Progress::account);
  return found == progress_.end() ? nullptr : &*found;
}

void Terminal::started(std::string_view account) {
  const std::lock_guard lock(mutex_);
  if (!style_.live) return;
  progress_.push_back({.account = std::string(account), .begun = Clock::now()});
  draw();
}

void Terminal::planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) {
    progress->messages = messages;
    progress->bytes = bytes;
    progress->planned = true;
    progress->begun = Clock::now();
    draw();
  }
}

void Terminal::received(std::string_view account, std::uint64_t bytes) {
  if (!style_.live) return;
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account)) {
    progress->received += bytes;
    draw_sometimes();
  }
}

void Terminal::message(std::string_view account, const report::MessageEvent& message) {
  const std::lock_guard lock(mutex_);
  if (Progress* progress = progress_of(account);
      progress != nullptr && message.action == report::Action::fetch) {
    ++progress->done;
    draw_sometimes();
  }
  if (style_.verbose == 0) return;
  std::string line(account);
  line.append(": ").append(report::name_of(message.action)).append(" ").append(message.uid);
  line.append(" (").append(util::format_size(message.bytes)).append(")");
  if (!message.deliver.empty()) line.append(" to ").append(message.deliver);
  if (!message.reason.empty()) line.append(": ").append(message.reason);
  say(summaries_fd(), safe(line) + "\n");
}

void Terminal::notice(std::string_view account, const char* what, const char* color,
                      const report::Notice& notice) {
  std::string text = "mailhaul: ";
  if (!account.empty()) text.append(safe(account)).append(": ");
  if (style_.color) text += color;
  text += what;
  if (style_.color) text += "\x1b[0m";
  std::string_view rest = notice.sentence;
  while (!rest.empty()) {  // a sentence may have several lines
    const auto end = rest.find('\n');
    text += safe(rest.substr(0, end)) + "\n";
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  if (!notice.hint.empty()) text += "  hint: " + safe(notice.hint) + "\n";
  say(STDERR_FILENO, text);
}

void Terminal::warned(std::string_view account, const report::Notice& what) {
  const std::lock_guard lock(mutex_);
  if (style_.quiet && what.quiet_skips_it) return;
  notice(account, "warning: ", "\x1b[33m", what);
}

void Terminal::failed(std::string_view account, const report::Notice& what) {
  const std::lock_guard lock(mutex_);
  if (style_.quiet && what.quiet_skips_it) return;
  notice(account, "error: ", "\x1b[31m", what);
}

void Terminal::finished(std::string_view account, const report::Totals& totals, int status) {
  const std::lock_guard lock(mutex_);
  erase();
  std::erase_if(progress_, [&](const Progress& progress) { return progress.account == account; });
  const bool worth_a_line = totals.fetched != 0 || (style_.on_terminal && status == 0);
  if (!style_.quiet && worth_a_line) {
    std::string line = safe(account) + ": ";
    if (totals.fetched == 0) {
      line += "no new mail";
    } else {
      std::array<char, 32> seconds{};
      std::snprintf(seconds.data(), seconds.size(), "%.1f s", totals.seconds);
      line += util::counted(totals.fetched, "new message") + ", " + util::format_size(totals.bytes) +
              ", in " + seconds.data();
    }
    if (totals.removed != 0) line += "; " + std::to_string(totals.removed) + " removed from the server";
    if (totals.left != 0) line += "; " + std::to_string(totals.left) + " left on the server";
    if (totals.failed != 0) line += "; " + std::to_string(totals.failed) + " failed";
    say(summaries_fd(), line + "\n");
  }
  draw();
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

std::string Terminal::live_line(const Progress& progress) const {
  std::string line = progress.account + "  ";
  if (!progress.planned) return line + "connecting";
  line += std::to_string(progress.done) + "/" + util::counted(progress.messages, "message") + "  " +
          util::format_size(progress.received) + " of " + util::format_size(progress.bytes);
  const double seconds = std::chrono::duration<double>(Clock::now() - progress.begun).count();
  if (seconds > 0.2 && progress.received != 0) {
    const double rate = static_cast<double>(progress.received) / seconds;
    line += "  " + util::format_size(static_cast<std::uint64_t>(rate)) + "/s";
    const auto left = progress.bytes > progress.received ? progress.bytes - progress.received : 0;
    line += "  " +
            clock_text(std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(left) / rate))) +
            " left";
  }
  return line;
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

void Terminal::draw_sometimes() {
  if (style_.live && Clock::now() - last_draw_ >= 100ms) draw();
}

void Terminal::draw() {
  if (!style_.live) return;
  erase();
  const std::size_t width = columns() - 1;
  std::string text;
  for (const auto& progress : progress_) text += safe(live_line(progress)).substr(0, width) + "\n";
  put(STDERR_FILENO, text);
  drawn_ = progress_.size();
  last_draw_ = Clock::now();
}

void Terminal::erase() {
  if (drawn_ == 0) return;
  std::string text = "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J";
  drawn_ = 0;
  put(STDERR_FILENO, text);
}

void Terminal::say(int fd, const std::string& text) {
  const bool live = drawn_ != 0;
  erase();
  put(fd, text);
  if (live) draw();
}

}  // namespace mailhaul::app
