// SPDX-License-Identifier: MIT
// The logins that we speak ourselves, on a connection that libcurl has opened. libcurl cannot be made to use
// USER and PASS whatever the server offers, and hangs up where a server has yet to say why it refuses a
// token.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "net/connection.h"
#include "net/transcript.h"
#include "net/wire.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::net {

/// Until when a server is waited for, and who may end the wait.
struct Deadline {
  std::chrono::steady_clock::time_point at;
  const util::Cancel& cancel;
  std::chrono::milliseconds left() const;
};

/// One login. Its functions return false where the server refused, in the words that the dialogue's
/// transcript has, or hung up; they throw Error{temporary | protocol | cancelled}.
class RawLogin {
 public:
  /// All are borrowed.
  RawLogin(Wire& wire, Dialogue& dialogue, const Deadline& deadline)
      : wire_(wire), dialogue_(dialogue), deadline_(deadline) {}

  /// Reads the greeting, where libcurl has not (RFC 1939 section 4).
  [[nodiscard]] bool read_greeting();
  /// USER and PASS (RFC 1939 section 7).
  [[nodiscard]] bool user_pass(const Login& login);
  /// AUTH XOAUTH2 (RFC 5034 section 4). The credentials stand on its line with `initial_response`, if they
  /// fit.
  [[nodiscard]] bool xoauth2(const Login& login, bool initial_response);
  /// The server closed the connection in place of an answer.
  bool hung_up() const noexcept { return hung_up_; }

 private:
  enum class Answer { ok, no, challenge };

  Answer ask(const util::Secret& command);
  void send(const util::Secret& line);
  Answer read_answer();
  void read_why_refused();
  std::optional<std::string> read_line(std::chrono::steady_clock::time_point limit);
  bool wait_until(std::chrono::steady_clock::time_point limit);

  Wire& wire_;
  Dialogue& dialogue_;
  const Deadline& deadline_;
  bool hung_up_ = false;
};

}  // namespace mailhaul::net
