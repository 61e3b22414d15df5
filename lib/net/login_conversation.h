// SPDX-License-Identifier: MIT
// The conversation from the greeting to the login, on one connection: RFC 1939 sections 4 and 7, RFC 2449
// section 5 (CAPA), RFC 2595 section 4 (STLS), RFC 5034 section 4 (AUTH). No I/O: bytes come in, lines go
// out.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.h"
#include "net/login_method.h"
#include "net/mechanism.h"
#include "net/transcript.h"
#include "util/secret.h"

namespace mailhaul::net {

/// The end of a conversation that did not log in.
struct LoginEnd {
  enum class What {
    foreign_greeting,  ///< the server speaks another protocol
    greeting_refused,  ///< -ERR as greeting
    capa_unanswered,   ///< the server hung up or fell silent at CAPA
    capa_unfinished,   ///< it fell silent within its answer to CAPA
    capa_endless,      ///< its answer to CAPA is longer than 1 MiB
    utf8_unanswered,   ///< the server hung up, fell silent or talked nonsense at UTF8
    no_stls,           ///< STLS is not offered, or refused
    clear_text,        ///< something follows the answer to STLS outside TLS
    not_offered,       ///< no method suits the server
    forged_timestamp,  ///< APOP: the timestamp is no message-id
    way_refused,       ///< -ERR before any credentials were sent
    name_refused,      ///< -ERR to SCRAM's first message: the password has not been used yet
    way_wrong,         ///< -ERR that seems to be about the way in which name or credentials were sent
    refused,           ///< -ERR to the credentials themselves
    odd_answer,        ///< neither +OK nor -ERR
    too_much,          ///< a line of more than 64 KiB, or several lines where one is due
    broken_mechanism,  ///< the server does not follow the mechanism
    hung_up,           ///< the connection ended in place of an answer to the credentials
    hung_up_at_name,   ///< the same in place of an answer to the user's name, before the password
    lost,              ///< the same at any other time
    timed_out
  };
  What what = What::lost;
  std::string words;    ///< the line that came, or what is wrong with it
  std::string reasons;  ///< why a token is refused, as the server's challenge says
  bool credentials_sent = false;
  /// The text after "-ERR" in `words`.
  std::string_view refusal() const;
  /// The server hung up when it was given the user's name or credentials: this may be a refusal.
  bool is_silent_refusal() const noexcept { return what == What::hung_up || what == What::hung_up_at_name; }
};

/// One conversation. It follows the user's settings, and logs in by the first method to try that suits what
/// the server offers.
class LoginConversation {
 public:
  enum class State { reading, switching_to_tls, logged_in, ended };
  /// All are borrowed.
  struct Setting {
    const Endpoint& endpoint;
    const Login& login;
    const MethodsToTry& methods;
  };

  /// `dialogue` gets each line, and keeps the transcript.
  LoginConversation(const Setting& setting, Dialogue& dialogue);

  /// Bytes from the server, in pieces of any size.
  void receive(std::string_view bytes);
  /// The connection has ended; `words` say how. Only the first call counts.
  void closed(std::string words);
  /// The server said nothing more in time.
  void fell_silent();
  /// TLS has begun after STLS. REQUIRES: the state is switching_to_tls.
  void secured();

  State state() const noexcept { return state_; }
  /// What is to be sent; empty if nothing is.
  util::Secret take_output();
  /// REQUIRES: the state is `ended`.
  const LoginEnd& end() const noexcept { return end_; }
  bool awaits_greeting() const noexcept { return awaited_ == Awaited::greeting; }
  /// CAPA was sent, and the end of its answer has not come.
  bool awaits_capa() const noexcept { return awaited_ == Awaited::capa || awaited_ == Awaited::capa_lines; }
  /// UTF8 was sent, and has not been answered.
  bool awaits_utf8() const noexcept { return utf8_owed_; }
  /// The refusal is known already; only more words about it may come.
  bool knows_refusal() const noexcept { return !end_.reasons.empty(); }
  /// The method that is tried; empty if no login was begun.
  const std::optional<LoginMethod>& method() const noexcept { return method_; }

 private:
  enum class Awaited { greeting, capa, capa_lines, stls, user, pass, apop, sasl };
  enum class Sort { ok, refusal, challenge, other };
  struct Line;

  void take(const Line& line);
  void take_greeting(const Line& line);
  void take_capa(const Line& line);
  void take_capa_line(const Line& line);
  void take_stls(const Line& line);
  void take_user(const Line& line);
  void take_verdict(const Line& line);
  void take_sasl(const Line& line);
  void answer_challenge(const Line& line);

  void after_capa();
  void begin_login();
  void begin_apop();
  void begin_sasl();
  void send_answer(Answer answer);
  void refuse(const Line& line);
  bool is_name_unanswered() const;

  void send(std::string_view line, Awaited awaited);
  void fail(LoginEnd::What what, std::string words = {});
  static Sort sort_of(std::string_view line);

  Setting setting_;
  Dialogue& dialogue_;
  State state_ = State::reading;
  Awaited awaited_ = Awaited::greeting;
  std::string received_;  ///< what has not been read yet
  std::size_t capa_bytes_ = 0;
  util::Secret output_;
  bool secure_, utf8_owed_ = false, answered_ = false, credentials_sent_ = false;
  std::optional<LoginMethod> method_;
  Exchange exchange_;
  std::optional<Answer> first_;  ///< waits for the server's "+"
  LoginEnd end_;
};

}  // namespace mailhaul::net
