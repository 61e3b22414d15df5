// SPDX-License-Identifier: MIT
// Prints events for a person, at a terminal or in a mail from cron.
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/output.h"
#include "report/listener.h"

namespace mailhaul::app {

/// How many bytes at the start of `text` can be shown unchanged: printable ASCII, and well-formed UTF-8
/// without C1 controls.
std::size_t printable_prefix(std::string_view text);

/// Live lines and errors go to standard error, summaries to standard output. Any thread may call it.
class Terminal : public report::Listener {
 public:
  struct Style {
    bool quiet = false;
    int verbose = 0;
    bool on_terminal = false;  ///< standard output is one: print a summary even without new mail
    bool live = false;         ///< show a progress line per account
    bool color = false;
    Summaries summaries = Summaries::to_stdout;
    OutputFailure* failure = nullptr;  ///< of standard output
  };
  explicit Terminal(Style style) : style_(style) {}
  ~Terminal() override;

  void started(std::string_view account) override;
  void planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) override;
  void received(std::string_view account, std::uint64_t bytes) override;
  void message(std::string_view account, const report::MessageEvent& message) override;
  void warned(std::string_view account, const report::Notice& notice) override;
  void failed(std::string_view account, const report::Notice& notice) override;
  void finished(std::string_view account, const report::Totals& totals, int status) override;
  void noted(std::string_view account, std::string_view sentence) override;
  void traced(std::string_view account, char direction, std::string_view line) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Progress {
    std::string account;
    std::uint32_t messages = 0, done = 0;
    std::uint64_t bytes = 0, received = 0;
    Clock::time_point begun;
    bool planned = false;
  };
  Progress* progress_of(std::string_view account);
  std::string live_line(const Progress& progress) const;
  void draw();   ///< draws the live lines over the previous ones
  void erase();  ///< removes the live lines, so that other text can be printed
  void draw_sometimes();
  int summaries_fd() const;
  void put(int fd, const std::string& text) noexcept;
  void say(int fd, const std::string& text);  ///< prints text above the live lines
  void notice(std::string_view account, const char* what, const char* color, const report::Notice& notice);

  Style style_;
  std::mutex mutex_;
  std::vector<Progress> progress_;
  std::size_t drawn_ = 0;  ///< live lines on the screen
  Clock::time_point last_draw_;
};

}  // namespace mailhaul::app
