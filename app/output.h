// SPDX-License-Identifier: MIT
// What is printed, and who prints events.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/invocation.h"
#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::app {

/// Writes all of it to standard output. A reader that has gone away (`| head`) is no error, and the text is
/// dropped. Throws Error{storage} when it cannot be written for another reason.
void print(std::string_view text);

/// Whether standard output is a pipe. Its reader may be a pager, which has the screen to itself.
bool prints_into_pipe();

/// Does the work, which prints to standard output, so that live lines are not mixed with it: at a terminal
/// they are out of the way meanwhile, and in front of a pipe they end.
void print_beside_lines(const Invocation& invocation, report::Listener& tell, std::string_view account,
                        const std::function<void()>& work);

/// The first error of a listener that printed to standard output. Any thread may call it.
class OutputFailure {
 public:
  /// Prints; keeps an error for first().
  void print_or_note(std::string_view text) noexcept;
  std::optional<util::Error> first() const;

 private:
  mutable std::mutex mutex_;
  std::optional<util::Error> first_;
};

/// One line for a terminal: control bytes and everything that is not UTF-8 as \xNN.
std::string safe(std::string_view text);

/// Of an account that was given on the command line: its options; otherwise none.
std::vector<account::Override> options_of_account(const Invocation& invocation);

/// A hint in words that fit: options if the account was given as `options`.
std::string hint_for(std::string_view hint, std::string_view account,
                     const std::vector<account::Override>& options);

/// Where a person's summaries go: elsewhere when mail is delivered to standard output.
enum class Summaries { to_stdout, to_stderr };

/// Prints events for a person, for cron, or (--json) for a script.
std::unique_ptr<report::Listener> make_listener(const Invocation& invocation,
                                                Summaries summaries = Summaries::to_stdout);

}  // namespace mailhaul::app
