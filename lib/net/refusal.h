// SPDX-License-Identifier: MIT
// What a server's -ERR means: the response codes of RFC 2449 section 8 ([IN-USE], [LOGIN-DELAY]) and of RFC
// 3206 section 4 ([SYS/TEMP], [SYS/PERM], [AUTH]), and the words of servers that send none. This file is in
// net because the login needs it; pop3 and engine use it for all other commands.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "util/error.h"

namespace mailhaul::net {

/// What the server gives as its reason.
enum class Reason {
  unknown,      ///< the words are not recognised
  credentials,  ///< the user name, the password or the token
  in_use,       ///< another session holds the mailbox
  limit,        ///< how often, how much or how long: limits, quotas, throttling, time-outs, [LOGIN-DELAY]
  trouble,      ///< trouble of the server's own that passes
  permanent,    ///< trouble that lasts until somebody changes something at the server
  gone,         ///< the message is no longer there
  hung_up       ///< no -ERR at all: the server hung up when it was given the name or the credentials
};

/// The meaning of an -ERR.
struct Refusal {
  Reason reason = Reason::unknown;
  util::Kind kind = util::Kind::protocol;
  std::string hint;  ///< what the user can do about it; may be empty
  /// How long the server does not want to be asked, if it names a time; a day at most.
  std::optional<std::chrono::seconds> pause;
  /// After hung_up: the login method that sends the same credentials in another form, if there is one.
  std::string other_method = {};
};

/// Interprets the words after -ERR. `otherwise` is the kind if the reason does not decide it.
[[nodiscard]] Refusal understand(std::string_view words, util::Kind otherwise);

/// The Error to which an -ERR led, with the meaning of that -ERR.
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
