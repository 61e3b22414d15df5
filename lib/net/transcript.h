// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/redactor.h"

namespace mailhaul::net {

/// What was said up to the login, as far as decisions depend on it. Lines come without their line ends.
class Transcript {
 public:
  /// `exchange`: a line of a mechanism, after AUTH, except the line that cancels it.
  enum class Phase { greeting, capa, stls, user, login, exchange };

  void sent(std::string_view line);
  void received(std::string_view line);

  /// The kind of the last command that was sent.
  Phase phase() const noexcept { return phase_; }
  const std::string& greeting() const noexcept { return greeting_; }
  bool greeted() const noexcept { return !greeting_.empty(); }
  /// The first line that came instead of a POP3 greeting (RFC 1939 section 4).
  const std::optional<std::string>& foreign_greeting() const noexcept { return foreign_greeting_; }
  /// STLS was answered with +OK (RFC 2595 section 4).
  bool secured() const noexcept { return secured_; }
  /// A user name, a password or a mechanism was sent.
  bool login_tried() const noexcept { return login_tried_; }
  /// The server has said something since our last line.
  bool answered() const noexcept { return answered_; }
  /// CAPA was sent, and nothing has come since.
  bool awaits_capa() const noexcept { return phase_ == Phase::capa && !answered_; }
  /// The words of the last -ERR, except to CAPA.
  const std::optional<std::string>& refusal() const noexcept { return refusal_; }
  /// The last whole answer to CAPA, in upper case. What was announced before TLS is forgotten, as RFC 2595
  /// section 4 demands.
  const std::vector<std::string>& capabilities() const noexcept { return capabilities_; }

 private:
  void status(std::string_view line);
  void capability(std::string_view line);

  Phase phase_ = Phase::greeting;
  std::string greeting_;
  std::optional<std::string> refusal_, foreign_greeting_;
  std::vector<std::string> capabilities_, listing_;
  std::size_t listing_bytes_ = 0;
  bool listing_open_ = false, secured_ = false, login_tried_ = false, answered_ = false, utf8_owed_ = false;
};

/// Keeps the transcript, and passes each line on to the trace with the secrets hidden.
class Dialogue {
 public:
  Dialogue(const Redactor& redactor, const Trace& trace) : redactor_(redactor), trace_(trace) {}
  void sent(std::string_view line);
  void received(std::string_view line);
  void remark(std::string_view text) const;
  const Transcript& transcript() const noexcept { return transcript_; }
  /// A line from the server, fit for the sentence of an error.
  std::string shown(std::string_view line) const;

 private:
  void tell(char direction, const std::string& line) const;
  const Redactor& redactor_;
  const Trace& trace_;
  Transcript transcript_;
};

}  // namespace mailhaul::net
