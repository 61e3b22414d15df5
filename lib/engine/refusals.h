// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "net/refusal.h"

namespace mailhaul::engine {

/// What a -ERR to RETR means for the session.
enum class RefusalEffect {
  gone,          ///< the message is no longer on the server: no failure
  this_message,  ///< it failed; the others are asked for
  stop_asking,   ///< a limit, or the third such answer in a row: the others would be refused as well
  told           ///< another one behind a limit that was told
};

/// The refusals of one session. One thread at a time.
class Refusals {
 public:
  [[nodiscard]] RefusalEffect add(std::string_view words, net::Reason reason);
  /// A message was handed out.
  void none() noexcept { in_a_row_ = 0; }

 private:
  std::string last_;  ///< without its numbers
  int in_a_row_ = 0;
  bool stopped_ = false;
};

}  // namespace mailhaul::engine
