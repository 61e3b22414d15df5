// SPDX-License-Identifier: MIT
// Questions at the controlling terminal.
#pragma once
#include <termios.h>

#include <optional>
#include <string>
#include <string_view>

#include "util/cancel.h"
#include "util/fd.h"
#include "util/secret.h"

namespace mailhaul::app {

/// Keeps the echo of a terminal off while the object exists, also after Ctrl-Z and fg; Ctrl-\ ends the
/// program with the echo on. One object at a time.
class NoEcho {
 public:
  /// `any`: lines may be longer than the 4095 bytes that the system can edit, and Ctrl-D is read as a byte.
  enum class Lines { edited, any };
  explicit NoEcho(int fd, Lines lines = Lines::edited);
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho();
  /// True once after the program was stopped and has continued; what was typed before that is lost.
  [[nodiscard]] static bool resumed() noexcept;

 private:
  util::Fd wake_up_;
};

/// Switches the echo on again, if it is off. Call it if the program ends without running destructors.
/// Async-signal-safe.
void restore_echo() noexcept;

/// The controlling terminal; empty: there is none.
util::Fd open_terminal();

/// Asks a question at the controlling terminal, without echo. Empty: there is no terminal. Throws
/// Error{cancelled}.
std::optional<util::Secret> ask(std::string_view question, const util::Cancel& cancel);

/// The same for an answer of up to 256 KiB, which ends with Enter or Ctrl-D.
std::optional<util::Secret> ask_long(std::string_view question, const util::Cancel& cancel);

/// The same with echo. Empty: there is no terminal, or it is gone, or Ctrl-D was typed.
std::optional<std::string> ask_line(std::string_view question, const util::Cancel& cancel);

/// Prints a line at the controlling terminal, if there is one.
void tell_at_terminal(std::string_view line);

/// Asks with echo; true for an answer that begins with y. Throws Error{usage} without a terminal.
bool agrees(std::string_view question, const util::Cancel& cancel);

}  // namespace mailhaul::app
