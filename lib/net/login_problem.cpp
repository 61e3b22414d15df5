// SPDX-License-Identifier: MIT
// How our own conversation ended, in sentences for people.
#include "net/problem.h"
#include "net/refusal.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;
using What = LoginEnd::What;

constexpr std::string_view breaks_protocol =
    "the server, or something in between, breaks the protocol: ask its administrator";

std::string address(const LoginFailure& failure) { return address_of(failure.endpoint); }
std::string shown(const LoginFailure& failure, std::string_view text) { return failure.redactor.shown(text); }

Error foreign_greeting(const LoginFailure& failure) {
  return {Kind::protocol,
          address(failure) + " does not speak POP3: its greeting is \"" + shown(failure, failure.end->words) +
              "\"",
          hint_for_port(failure)};
}

Error refused_greeting(const LoginFailure& failure) {
  const Refusal refusal = understand(failure.end->refusal(), Kind::temporary);
  return {refusal.kind, address(failure) + " refuses connections: " + quoted(failure, failure.end->refusal()),
          refusal.hint};
}

/// RFC 1939 section 3 demands an -ERR from a server that does not know CAPA.
Error no_capa(const LoginFailure& failure) {
  const std::string& words = failure.end->words;
  const std::string hint =
      failure.endpoint.tls == Tls::starttls
          ? "pop3:// with TLS cannot do without CAPA: try pop3s:// in \"server\""
          : "\"auth\": \"user\" logs in without CAPA at a server that does not understand it";
  const bool is_begun = failure.end->what == What::capa_unfinished;
  const std::string what = is_begun        ? " did not end its answer to CAPA in time"
                           : words.empty() ? " did not answer CAPA in time"
                           : words.starts_with("a line ")
                               ? " answered CAPA with " + words
                               : " closed the connection instead of answering CAPA: " + shown(failure, words);
  return {Kind::temporary, address(failure) + what, hint};
}

Error no_utf8(const LoginFailure& failure) {
  const std::string& words = failure.end->words;
  return {
      Kind::temporary,
      address(failure) + (words.empty() ? " did not answer UTF8 in time"
                                        : " did not answer UTF8 with +OK or -ERR: " + shown(failure, words)),
      std::string(breaks_protocol)};
}

/// What the server lists, for a hint: "plain login".
std::string offered_by(const LoginFailure& failure) {
  std::string offered;
  for (const std::string& line : failure.transcript.capabilities()) {
    auto words = words_of_capability(line);
    if (words.empty() || words.front() != "SASL") continue;
    words.erase(words.begin());
    for (const std::string& word : words) offered += (offered.empty() ? "" : " ") + util::lower(word);
  }
  return shown(failure, offered);
}

Error not_offered(const LoginFailure& failure) {
  if (failure.login.auth == Auth::apop) {
    return {Kind::unavailable, address(failure) + " offers no APOP: its greeting has no timestamp",
            "set \"auth\" to \"auto\""};
  }
  const std::string offered = offered_by(failure), words(failure.end->refusal());
  const std::string none =
      failure.login.auth == Auth::automatic || failure.login.auth == Auth::user
          ? "it announces no SASL mechanism, and refuses USER: ask its administrator"
          : "it announces no SASL mechanism: use \"auth\": \"auto\" or \"auth\": \"user\"";
  return {Kind::unavailable,
          address(failure) + " does not offer auth \"" + name_of(failure.login.auth) + "\"" +
              (words.empty() ? "" : ": " + shown(failure, words)),
          offered.empty() ? none : "it offers: " + offered};
}

std::string method_of(const LoginFailure& failure) {
  return name_of(failure.method ? failure.method->auth : failure.login.auth);
}

/// -ERR to the name of the mechanism alone.
Error refused_way(const LoginFailure& failure) {
  const Mechanism* const mechanism = mechanism_of(failure.login.auth);
  const Refusal meant = understand(failure.end->refusal(), Kind::protocol);
  if (mechanism != nullptr && meant.reason == Reason::unknown &&
      !offers(failure.transcript.capabilities(), "SASL", mechanism->name))
    return not_offered(failure);
  const bool too_early = meant.kind == Kind::login;  // nothing was sent that could be wrong
  return {too_early ? Kind::protocol : meant.kind,
          address(failure) + " does not accept a login by " + method_of(failure) + ": " +
              quoted(failure, failure.end->refusal()),
          too_early || meant.hint.empty() ? "try another \"auth\"; \"auto\" finds what the server accepts"
                                          : meant.hint};
}

Error refused_token(const LoginFailure& failure) {
  const std::string words(failure.end->refusal());
  return {understand(words, Kind::login).kind,
          address(failure) + " refused the token of " + shown(failure, failure.login.user) + ": " +
              (words.empty() ? "" : shown(failure, words) + " ") + "(" +
              shown(failure, failure.end->reasons) + ")",
          "the token has expired, or is not for this mailbox or not for POP3: get a new one"};
}

Error refused_login(const LoginFailure& failure) {
  // If the server does not know USER, neither the name nor the password is wrong.
  const bool no_way = failure.end->what == What::way_wrong && !failure.end->credentials_sent &&
                      blames_the_way(failure.end->refusal());
  if (no_way) return not_offered(failure);
  if (is_by_token(failure.login.auth) && !failure.end->reasons.empty()) return refused_token(failure);
  const std::string words(failure.end->refusal().empty() ? failure.end->reasons : failure.end->refusal());
  const Refusal meant = understand(words, Kind::login);
  return {meant.kind,
          address(failure) + " refused the login of " + shown(failure, failure.login.user) + ": " +
              quoted(failure, words),
          meant.hint};
}

std::string_view likely_fault(const LoginFailure& failure) {
  if (failure.end->what == What::hung_up_at_name) return "an unknown user";
  if (is_by_token(failure.login.auth)) return "a token that is not for this mailbox";
  if (failure.login.auth == Auth::external) return "a certificate that is not accepted";
  if (failure.login.auth == Auth::gssapi) return "a ticket that is not accepted";
  return "a wrong password";
}

Error hung_up(const LoginFailure& failure) {
  const bool at_name = failure.end->what == What::hung_up_at_name;
  return {Kind::temporary,
          address(failure) + " closed the connection when it was given the " +
              (at_name ? "user name " : "credentials of ") + shown(failure, failure.login.user),
          "often this means " + std::string(likely_fault(failure)) +
              ", or that POP3 is switched off for this mailbox: check both before the next run"};
}

Error odd_answer(const LoginFailure& failure) {
  return {Kind::protocol,
          address(failure) +
              " answered the login with neither +OK nor -ERR: " + shown(failure, failure.end->words),
          std::string(breaks_protocol)};
}

Error broken_mechanism(const LoginFailure& failure) {
  return {Kind::protocol,
          "cannot log in to " + address(failure) + " by " + method_of(failure) + ": " +
              shown(failure, failure.end->words),
          std::string(breaks_protocol)};
}

/// With TLS 1.3, only the first read after the handshake shows that the server wants a client certificate:
/// that of the greeting or, after STLS, that of the answer to CAPA.
bool is_alert(const LoginEnd& end) {
  return (end.what == What::lost || end.what == What::capa_unanswered) &&
         util::lower(end.words).find("alert") != std::string::npos;
}

}  // namespace

Error explain_login(const LoginFailure& failure) {
  const std::string& words = failure.end->words;
  if (is_alert(*failure.end)) return no_handshake(failure, shown(failure, words));
  switch (failure.end->what) {
    case What::foreign_greeting:
      return foreign_greeting(failure);
    case What::greeting_refused:
      return refused_greeting(failure);
    case What::capa_unanswered:
    case What::capa_unfinished:
      return no_capa(failure);
    case What::capa_endless:
      return {Kind::protocol, "the answer of " + address(failure) + " to CAPA has no end",
              std::string(breaks_protocol)};
    case What::utf8_unanswered:
      return no_utf8(failure);
    case What::no_stls:
      return no_stls(failure,
                     words.empty() ? std::nullopt : std::optional(std::string(failure.end->refusal())));
    case What::clear_text:
      return {Kind::protocol, address(failure) + " sent clear text after its answer to STLS",
              "somebody may be tampering with the connection; pop3s:// does not allow this"};
    case What::not_offered:
      return not_offered(failure);
    case What::forged_timestamp:
      return {
          Kind::protocol,
          address(failure) + " sent an APOP timestamp that is not a message-id: nothing was sent in answer",
          "set \"auth\" to \"auto\""};
    case What::way_refused:
      return refused_way(failure);
    case What::name_refused:
    case What::way_wrong:
    case What::refused:
      return refused_login(failure);
    case What::odd_answer:
      return odd_answer(failure);
    case What::too_much:
      return {Kind::protocol, address(failure) + " answered the login with " + words,
              std::string(breaks_protocol)};
    case What::broken_mechanism:
      return broken_mechanism(failure);
    case What::hung_up:
    case What::hung_up_at_name:
      return hung_up(failure);
    case What::lost:
      return lost(failure, shown(failure, words));
    case What::timed_out:
      return timed_out(failure);
  }
  return lost(failure, shown(failure, words));
}

}  // namespace mailhaul::net
