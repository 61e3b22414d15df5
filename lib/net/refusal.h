// SPDX-License-Identifier: MIT
// What a server's -ERR means: the response codes of RFC 2449 section 8 ([IN-USE], [LOGIN-DELAY]) and of RFC
// 3206 ([SYS/TEMP], [SYS/PERM], [AUTH]), and the words of servers that send none. It stands in net because
// the login asks it; pop3 and engine ask it about all other commands.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "util/error.h"

namespace mailhaul::net {

/// What the server gives as its reason.
enum class Reason {
  unknown,      ///< nothing that is known
  credentials,  ///< the user name, the password or the token
  in_use,       ///< another session holds the mailbox
  limit,        ///< how often, how much or how long: limits, quotas, throttling, time-outs, [LOGIN-DELAY]
  trouble,      ///< trouble of the server's own that passes
  permanent,    ///< trouble that lasts until somebody changes something at the server
  gone,         ///< the message is no longer there
  hung_up       ///< no -ERR at all: the server hung up when it was given the name or the credentials
};

/// An -ERR, understood.
struct Refusal {
  Reason reason = Reason::unknown;
  util::Kind kind = util::Kind::protocol;
  std::string hint;  ///< what the user can do about it; may be empty
  /// The time for which the server does not want to be asked, if it names one; a day at most.
  std::optional<std::chrono::seconds> pause;
  /// After hung_up: the login method that sends the same credentials in another form, if there is one.
  std::string other_method = {};
};

/// Understands the words behind an -ERR. `otherwise` is the kind of a refusal whose reason is unknown.
[[nodiscard]] Refusal understand(std::string_view words, util::Kind otherwise);

/// The Error to which an -ERR led, with what that -ERR means.
class RefusedError : public util::Error {
 public:
  RefusedError(const util::Error& error, Refusal refusal);
  const Refusal& refusal() const noexcept { return refusal_; }

 private:
  Refusal refusal_;
};

/// True if a refused login was refused for its form: the command, the mechanism, the line. A wrong password
/// must never look like this, because another form would send it again.
[[nodiscard]] bool blames_the_way(std::string_view words);

/// "[SYS/TEMP] try later" -> "SYS/TEMP", in upper case; empty if there is no code (RFC 2449 section 8).
std::string response_code(std::string_view words);

}  // namespace mailhaul::net
