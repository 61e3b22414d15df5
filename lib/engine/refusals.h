// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "net/refusal.h"

namespace mailhaul::engine {

/// What a -ERR to RETR means for the session.
enum class RefusalEffect {
  gone,          ///< the message is no longer on the server: no failure
  this_message,  ///< this message failed; the others are asked for
  stop_asking,   ///< a limit, or the third such answer in a row: the others would be refused as well
  told           ///< refused because of a limit that was reported before
};

/// What to do if one message was requested, and was refused for an unknown reason.
inline constexpr std::string_view hint_for_one_refused =
    "try again later; if it is always refused, ask the server's administrator about this message";

/// The refusals of one session. One thread at a time.
class Refusals {
 public:
  [[nodiscard]] RefusalEffect add(std::string_view words, net::Reason reason);
  /// Whether no more messages are to be requested.
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  /// The server has sent a message, so the next refusal is the first in a row.
  void reset() noexcept { in_a_row_ = 0; }

 private:
  std::string last_;  ///< the words of the last refusal, without digits
  int in_a_row_ = 0;
  bool stopped_ = false;
};

}  // namespace mailhaul::engine
