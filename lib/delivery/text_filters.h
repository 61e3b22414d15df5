// SPDX-License-Identifier: MIT
// What happens to the bytes of a message on their way to disk. All filters take pieces that are split
// anywhere.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::delivery {

/// Replaces CRLF by LF; a CR or LF alone stays. The views are valid until the next call.
class LineEnds {
 public:
  std::string_view convert(std::string_view wire);
  std::string_view finish();  ///< the CR at the end of the message, if there was one

 private:
  std::string text_;  ///< a buffer, larger than its content
  bool held_cr_ = false;
};

/// Quotes as qmail's mbox(5) does, a format known as mboxrd: each line that matches "^>*From " gets one more
/// ">", so that it can be undone. (RFC 4155 appendix A leaves the quoting to each program.) The views are
/// valid until the next call; they are nearly always the text itself.
class FromQuoter {
 public:
  std::string_view quote(std::string_view text);
  std::string_view finish();  ///< what is still held back at the end of the message

 private:
  static constexpr std::size_t inside_line = static_cast<std::size_t>(-1);
  bool holds() const noexcept { return matched_ != 0 && matched_ != inside_line; }
  std::size_t take_held(std::string_view text);

  std::string quoted_;
  std::size_t matched_ = 0;  ///< bytes of "From " seen at the start of this line, and held back
};

/// Looks for the first Return-Path of a header (RFC 5321, section 4.4), and keeps the bytes it was given.
class SenderFinder {
 public:
  /// Takes more text. Returns true when the search is over, at the latest after about 64 KiB.
  bool feed(std::string_view text);
  const std::string& held() const noexcept { return held_; }
  /// The address, reduced to [A-Za-z0-9@._+=-] without a leading "-"; MAILER-DAEMON if there is none.
  std::string sender() const;

 private:
  std::string held_;
  std::size_t scanned_ = 0;
  std::size_t field_ = std::string::npos;
};

/// "From SENDER Thu Nov 23 22:30:17 2026\n", in UTC, as RFC 4155 appendix A wants it.
std::string from_line(std::string_view sender, long long seconds);
/// The time in such a line, with or without its newline. Other programs write local time, with or without a
/// zone, which is taken for UTC here. Empty: there is none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> time_in_from_line(std::string_view line);

}  // namespace mailhaul::delivery
