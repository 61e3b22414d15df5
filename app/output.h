// SPDX-License-Identifier: MIT
// Prints text to standard output, and makes the listener that prints events.
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

/// Writes the whole text to standard output. If the reader has gone away (`| head`), this is no error, and
/// the text is dropped. Throws Error{storage} when it cannot be written for another reason.
void print(std::string_view text);

/// Whether standard output is a pipe or a socket. Its reader may be a pager, which has the screen to itself.
bool prints_into_pipe();

/// Does the work, which prints to standard output, so that live lines are not mixed with it: at a terminal
/// the live lines are hidden meanwhile, and if standard output is a pipe, the live line of the account ends.
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

/// The options of an account that was given on the command line; empty if none was.
std::vector<account::Override> options_of_account(const Invocation& invocation);

/// The hint in words that fit: it names options if the account was given as `options`.
std::string hint_for(std::string_view hint, std::string_view account,
                     const std::vector<account::Override>& options);

/// Where summaries for a person go: to standard error if mail is delivered to standard output.
enum class Summaries { to_stdout, to_stderr };

/// Makes the listener that prints events for a person, for cron, or (--json) for a script.
std::unique_ptr<report::Listener> make_listener(const Invocation& invocation,
                                                Summaries summaries = Summaries::to_stdout);

}  // namespace mailhaul::app
