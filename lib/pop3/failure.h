// SPDX-License-Identifier: MIT
// What is known about a session that has failed.
#pragma once
#include <cstdint>

namespace mailhaul::pop3 {

/// What a failure says about the session. With `pipelined`, nothing that was received in it can be trusted,
/// because an answer may have been skipped (LAW 2).
struct Doubt {
  bool pipelined = false;         ///< true from the moment when two answers are owed until none is
  bool at_border = false;         ///< the server fell silent or closed exactly between two answers
  bool malformed_status = false;  ///< a status line that is neither +OK nor -ERR, or an unasked answer
};

/// The kind of answer that was awaited when a session failed.
struct Awaited {
  enum class What { other, capabilities, message, removal };
  What what = What::other;
  std::uint32_t number = 0;  ///< of the message
};

}  // namespace mailhaul::pop3
