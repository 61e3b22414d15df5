// SPDX-License-Identifier: MIT
// USER and PASS on a connection that libcurl has opened: it cannot be made to use them, whatever the server
// offers.
#pragma once
#include <chrono>

#include "net/connection.h"
#include "net/transcript.h"
#include "net/wire.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// Until when somebody is waited for, and who may say that it is enough.
struct Deadline {
  std::chrono::steady_clock::time_point at;
  const util::Cancel& cancel;
  std::chrono::milliseconds left() const;
};

/// True: logged in; false: refused, in the words that the dialogue's transcript holds.
/// Throws Error{temporary | protocol | cancelled}.
bool raw_login(Wire& wire, const Login& login, Dialogue& dialogue, const Deadline& deadline);

}  // namespace mailhaul::net
