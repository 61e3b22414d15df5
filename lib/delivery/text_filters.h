// SPDX-License-Identifier: MIT
// What happens to a message's bytes on their way to the disk. All of it takes pieces split anywhere.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mailhaul::delivery {

/// CRLF becomes LF; a CR or LF alone stays. The views live until the next call.
class LineEnds {
 public:
  std::string_view convert(std::string_view wire);
  std::string_view finish();  ///< the CR that ended the message, if one did

 private:
  std::string text_;  // a buffer: its size is not what is in use
  bool held_cr_ = false;
};

/// mboxrd: each line that matches "^>*From " gets one more ">". The views live until the next call; nearly
/// always they are the text itself.
class FromQuoter {
 public:
  std::string_view quote(std::string_view text);
  std::string_view finish();  ///< what was held back at the end of the message

 private:
  static constexpr std::size_t inside_line = static_cast<std::size_t>(-1);
  bool holds() const noexcept { return matched_ != 0 && matched_ != inside_line; }
  std::size_t take_held(std::string_view text);

  std::string quoted_;
  std::size_t matched_ = 0;  // bytes of "From " seen at the start of this line, and held back
};

/// Looks for the first Return-Path of a header, keeping the bytes it was fed.
class SenderFinder {
 public:
  /// Takes more text. True: the sender is known, no more is needed (the header may be any length).
  bool feed(std::string_view text);
  const std::string& held() const noexcept { return held_; }
  /// The address, only [A-Za-z0-9@._+=-] and no leading "-"; MAILER-DAEMON where there is none.
  std::string sender() const;

 private:
  std::string held_;
  std::size_t scanned_ = 0;
  std::size_t field_ = std::string::npos;
};

/// "From SENDER Thu Nov 23 22:30:17 2026\n", in UTC.
std::string from_line(std::string_view sender, long long seconds);

}  // namespace mailhaul::delivery
