// SPDX-License-Identifier: MIT
#include "app/log.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <chrono>
#include <climits>

#include "app/columns.h"
#include "app/event_text.h"
#include "app/times.h"
#include "util/file.h"

namespace mailhaul::app {

namespace {

constexpr std::size_t most_bytes = PIPE_BUF;  // a FIFO takes a line of up to this size whole or not at all
constexpr std::size_t field_columns = 200;

/// Opens the file. Creates it and its directory if necessary. Does not wait for a reader if it is a FIFO.
util::Fd open_log(const util::Path& file) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  std::error_code unknown;
  if (!std::filesystem::exists(file.parent_path(), unknown)) util::make_directories(file.parent_path());
  return util::open_file(file, flags, 0600);
}

/// The line with its end, cut where it would be too long.
std::string fitting(std::string line) {
  constexpr std::string_view mark = "...";
  if (line.size() >= most_bytes) {
    auto end = most_bytes - 1 - mark.size();
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0U) == 0x80) --end;  // inside a character
    line.resize(end);
    line += mark;
  }
  return line + "\n";
}

/// The first line of the notice, and its hint. The other lines quote a file.
std::string text_of(std::string_view what, const report::Notice& notice) {
  std::string text(what);
  text += notice.sentence.substr(0, notice.sentence.find('\n'));
  if (!notice.hint.empty()) text.append("; hint: ").append(notice.hint);
  return text;
}

}  // namespace

LogLines::LogLines(const account::Config& config, report::Listener& inner)
    : inner_(inner),
      file_(config.log == util::Path(account::to_syslog) ? util::Path() : config.log),
      for_quiet_(config.state_file, "log-told") {
  if (file_.empty()) ::openlog("mailhaul", LOG_PID, LOG_MAIL);
}

LogLines::~LogLines() {
  if (file_.empty()) ::closelog();
}

void LogLines::started(std::string_view account) {
  write(account, LOG_DEBUG, "begins");
  inner_.started(account);
}

void LogLines::message(std::string_view account, const report::MessageEvent& message) {
  write(account, LOG_INFO, app::text_of(message, field_columns));
  inner_.message(account, message);
}

void LogLines::warned(std::string_view account, const report::Notice& notice) {
  write(account, LOG_WARNING, text_of("warning: ", notice));
  inner_.warned(account, notice);
}

void LogLines::failed(std::string_view account, const report::Notice& notice) {
  const bool passes = notice.status == util::exit_status(util::Kind::temporary);
  write(account, passes ? LOG_WARNING : LOG_ERR, text_of("error: ", notice));
  inner_.failed(account, notice);
}

void LogLines::finished(std::string_view account, const report::Totals& totals, int status) {
  const bool has_news = totals.fetched != 0 || totals.removed != 0 || status != 0;
  const auto text = "ends: " + app::text_of(totals, status == 0 ? "no new mail" : "nothing fetched") +
                    (status == 0 ? "" : "; status " + std::to_string(status));
  write(account, has_news ? LOG_INFO : LOG_DEBUG, text);
  inner_.finished(account, totals, status);
}

void LogLines::recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) {
  write(account, LOG_NOTICE,
        since ? "works again; it had failed since " + logged_time(*since) : "works again");
  inner_.recovered(account, since);
}

void LogLines::noted(std::string_view account, std::string_view sentence) {
  write(account, LOG_INFO, sentence);
  inner_.noted(account, sentence);
}

void LogLines::write(std::string_view account, int priority, std::string_view text) {
  const auto line = in_columns(account.empty() ? "mailhaul" : account, 0) + ": " + in_columns(text, 0);
  if (file_.empty()) return ::syslog(priority, "%s", line.c_str());
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  append(fitting(logged_time(now) + " " + line));
}

void LogLines::append(const std::string& line) {
  std::string why;
  bool is_due = false;
  {
    const std::lock_guard lock(mutex_);
    try {
      const auto file = open_log(file_);
      const auto whole = (is_torn_ ? "\n" : "") + line;
      ssize_t written = -1;
      do {
        written = ::write(file.get(), whole.data(), whole.size());
      } while (written < 0 && errno == EINTR);
      if (written < 0) util::throw_errno(util::Kind::storage, "write", file_.native());
      is_torn_ = static_cast<std::size_t>(written) < whole.size();
      if (is_torn_) util::throw_errno(util::Kind::storage, "write", file_.native(), ENOSPC);
      told_ = false;
      return for_quiet_.end();
    } catch (const util::Error& error) {
      if (told_) return;
      told_ = true;
      is_due = for_quiet_.is_due();
      why = error.what();
    }
  }
  const auto sentence = "the log cannot be written: " + why;
  inner_.warned({}, {.sentence = sentence,
                     .hint = "mail is still fetched; correct \"log\"",
                     .uid = {},
                     .quiet_skips_it = !is_due});
}

}  // namespace mailhaul::app
