// SPDX-License-Identifier: MIT
#include "app/output.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/asking.h"
#include "app/json_lines.h"
#include "app/terminal.h"
#include "util/escape.h"
#include "util/file.h"

namespace mailhaul::app {

namespace {

bool is_set(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here writes the environment
  return value != nullptr && *value != '\0';
}

bool has_dumb_terminal() {
  const char* name =
      std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nothing here writes the environment
  return name != nullptr && std::string_view(name) == "dumb";
}

/// Whether standard error still is the stream to systemd's journal that $JOURNAL_STREAM names
/// (systemd.exec(5)), and was not redirected.
bool stderr_is_journal() {
  const char* stream =
      std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nothing here writes the environment
  struct stat info {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return stream == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

/// Whether standard output is a pipe or socket that nobody reads any more.
bool reader_is_gone() {
  struct pollfd output {
    STDOUT_FILENO, POLLOUT, 0
  };
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

bool chosen(AutoSwitch value, bool automatically) {
  return value == AutoSwitch::always || (value == AutoSwitch::automatic && automatically);
}

}  // namespace

void print(std::string_view text) {
  try {
    util::write_all(STDOUT_FILENO, text, "standard output");
  } catch (const util::Error&) {
    if (!reader_is_gone()) throw;
  }
}

bool prints_into_pipe() {
  struct stat info {};
  return ::fstat(STDOUT_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

void print_beside_lines(const Invocation& invocation, report::Listener& tell, std::string_view account,
                        const std::function<void()>& work) {
  if (::isatty(STDOUT_FILENO) == 1) return invocation.screen->undisturbed(work);
  if (prints_into_pipe()) tell.done(account);
  work();
}

void OutputFailure::print_or_note(std::string_view text) noexcept {
  try {
    print(text);
  } catch (const util::Error& error) {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = error;
  }
}

std::optional<util::Error> OutputFailure::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

std::string safe(std::string_view text) { return util::escape(text, text.size()); }

std::vector<account::Override> options_of_account(const Invocation& invocation) {
  const auto& given = invocation.overrides;
  const bool is_account = std::ranges::find(given, "server", &account::Override::first) != given.end();
  return is_account ? given : std::vector<account::Override>();
}

std::string hint_for(std::string_view hint, std::string_view account,
                     const std::vector<account::Override>& options) {
  return options.empty() ? std::string(hint) : account::hint_in_options(hint, account, options);
}

std::unique_ptr<report::Listener> make_listener(const Invocation& invocation, Summaries summaries) {
  if (invocation.json)
    return std::make_unique<JsonLines>(invocation.quiet, options_of_account(invocation),
                                       *invocation.output_failure);
  const bool at_terminal = ::isatty(STDERR_FILENO) == 1 && !has_dumb_terminal();
  return std::make_unique<Terminal>(Terminal::Style{
      .quiet = invocation.quiet,
      .verbose = invocation.verbose,
      .on_terminal = ::isatty(STDOUT_FILENO) == 1,
      .live = chosen(invocation.progress, at_terminal && !invocation.quiet && invocation.verbose < 2),
      .color = chosen(invocation.color, at_terminal && !is_set("NO_COLOR")),
      .journal = stderr_is_journal(),
      .summaries = summaries,
      .options = options_of_account(invocation),
      .failure = invocation.output_failure,
      .cancel = invocation.cancel,
      .screen = invocation.screen});
}

}  // namespace mailhaul::app
