// SPDX-License-Identifier: MIT
// The key `log`: a dated line for each event, in a file or in the log of the system.
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "account/account.h"
#include "app/once_a_day.h"
#include "report/listener.h"

namespace mailhaul::app {

/// Writes events to the log, and passes them on. What cannot be written is lost; a warning says so once,
/// until something can be written again, and with -q once a day. The file is opened for each line, so that it
/// may be renamed or removed at any time. Any thread may call it; at most one object writes to syslog(3) at a
/// time.
class LogLines : public report::Listener {
 public:
  /// REQUIRES: the configuration has a `log`.
  LogLines(const account::Config& config, report::Listener& inner);
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() override;

  void expected(const std::vector<std::string>& accounts) override { inner_.expected(accounts); }
  void started(std::string_view account) override;
  void doing(std::string_view account, report::Activity activity) override {
    inner_.doing(account, activity);
  }
  void planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) override {
    inner_.planned(account, messages, bytes);
  }
  void received(std::string_view account, std::uint64_t bytes) override { inner_.received(account, bytes); }
  void arrived(std::string_view account) override { inner_.arrived(account); }
  void removing(std::string_view account, std::uint32_t messages) override {
    inner_.removing(account, messages);
  }
  void message(std::string_view account, const report::MessageEvent& message) override;
  void warned(std::string_view account, const report::Notice& notice) override;
  void failed(std::string_view account, const report::Notice& notice) override;
  void done(std::string_view account) override { inner_.done(account); }
  void finished(std::string_view account, const report::Totals& totals, int status) override;
  void recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) override;
  void noted(std::string_view account, std::string_view sentence) override;
  void traced(std::string_view account, char direction, std::string_view line) override {
    inner_.traced(account, direction, line);
  }

 private:
  /// `priority`: as for syslog(3).
  void write(std::string_view account, int priority, std::string_view text);
  void append(const std::string& line);

  report::Listener& inner_;
  util::Path file_;  ///< empty: syslog(3)
  std::mutex mutex_;
  bool told_ = false;     ///< a warning has said that nothing can be written
  bool is_torn_ = false;  ///< the last line was written in part
  OnceADay for_quiet_;
};

/// The listener of a run, which writes a log as well if the configuration has one.
class Logged {
 public:
  Logged(const account::Config& config, report::Listener& inner) : inner_(inner) {
    if (!config.log.empty()) lines_.emplace(config, inner);
  }
  report::Listener& operator*() { return lines_ ? *lines_ : inner_; }
  report::Listener* operator->() { return &**this; }

 private:
  report::Listener& inner_;
  std::optional<LogLines> lines_;
};

}  // namespace mailhaul::app
