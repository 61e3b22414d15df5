// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <functional>

#include "net/deadline.h"
#include "net/login_conversation.h"
#include "net/wire.h"

namespace mailhaul::net {

/// How long to wait for a server.
struct LoginLimits {
  Deadline deadline;
  std::chrono::steady_clock::time_point capa_by;  ///< the answer to CAPA has to be here by then
  std::chrono::steady_clock::time_point utf8_by;  ///< the same for UTF8
  /// If the greeting is not here by `greeting_by`, and `give_up` returns true, the conversation ends. If
  /// `give_up` is empty, it goes on waiting.
  std::chrono::steady_clock::time_point greeting_by{};
  std::function<bool()> give_up = {};
};

/// Carries lines between the wire and the conversation until the conversation has stopped reading. Throws
/// Error{cancelled}.
void converse(Wire& wire, LoginConversation& conversation, const LoginLimits& limits);

}  // namespace mailhaul::net
