// SPDX-License-Identifier: MIT
// Prints events for a person, at a terminal or in a mail from cron.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "app/live_lines.h"
#include "app/output.h"
#include "report/listener.h"
#include "util/cancel.h"

namespace mailhaul::app {

struct Screen;

/// Live lines and errors go to standard error, summaries to standard output. Any thread may call it. While
/// live lines are shown, a thread draws them, because they change with the time, the window size and Ctrl-C
/// even while nothing comes from the servers.
class Terminal : public report::Listener {
 public:
  struct Style {
    bool quiet = false;
    int verbose = 0;
    bool on_terminal = false;  ///< standard output is a terminal: print a summary even without new mail
    bool live = false;         ///< show a progress line per account
    bool color = false;
    bool journal = false;  ///< standard error is systemd's journal: lines begin with their priority
    Summaries summaries = Summaries::to_stdout;
    std::vector<account::Override> options;  ///< of an account that was given on the command line
    OutputFailure* failure = nullptr;        ///< of standard output
    const util::Cancel* cancel = nullptr;    ///< once it is requested, the live lines say so
    Screen* screen = nullptr;                ///< its questions hide the live lines of this terminal
  };
  explicit Terminal(Style style);
  ~Terminal() override;

  /// Does the work, such as a question, while no live line is on the screen.
  void undisturbed(const std::function<void()>& work);

  void expected(const std::vector<std::string>& accounts) override;
  void started(std::string_view account) override;
  void doing(std::string_view account, report::Activity activity) override;
  void planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) override;
  void received(std::string_view account, std::uint64_t bytes) override;
  void arrived(std::string_view account) override;
  void removing(std::string_view account, std::uint32_t messages) override;
  void message(std::string_view account, const report::MessageEvent& message) override;
  void warned(std::string_view account, const report::Notice& notice) override;
  void failed(std::string_view account, const report::Notice& notice) override;
  void done(std::string_view account) override;
  void finished(std::string_view account, const report::Totals& totals, int status) override;
  void recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) override;
  void noted(std::string_view account, std::string_view sentence) override;
  void traced(std::string_view account, char direction, std::string_view line) override;

 private:
  enum class Priority { error = 3, warning = 4, info = 6 };  ///< as for syslog(3)

  Progress* progress_of(std::string_view account);
  void begin(std::string_view account);
  void end(std::string_view account);
  void draw();             ///< draws the live lines over the previous ones
  int rows_above() const;  ///< how many rows above the cursor the live lines begin
  std::string to_start() const;
  void erase();  ///< removes the live lines, so that other text can be printed
  void keep_drawing(const std::stop_token& stop);
  int summaries_fd() const;
  void put(int fd, const std::string& text) noexcept;
  /// Prints text above the live lines.
  void say(int fd, const std::string& text, Priority priority = Priority::info);
  void notice(std::string_view account, Priority priority, const report::Notice& notice);

  Style style_;
  std::set<std::string> hints_;  ///< hints that were printed; each is printed once for all accounts
  std::mutex mutex_;
  std::vector<std::string> order_;  ///< of the live lines; any other account comes after these
  std::vector<Progress> progress_;
  LiveTotals totals_;
  std::vector<std::string> drawn_;  ///< the live lines on the screen
  Window drawn_in_;                 ///< the window for which they were drawn
  bool asking_ = false;             ///< undisturbed() is at work: no live line may be drawn
  util::Fd wake_;                   ///< an eventfd that wakes the thread
  std::jthread drawer_;             ///< started with the first live line; last, since it uses all others
};

}  // namespace mailhaul::app
