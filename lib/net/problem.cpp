// SPDX-License-Identifier: MIT
#include "net/problem.h"

#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>

#include "net/refusal.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

std::string words_of(const LoginFailure& failure) { return failure.redactor.shown(failure.result.words); }

std::string quoted_refusal(const LoginFailure& failure) {
  const std::string& words = failure.transcript.refusal().value_or("");
  return words.empty() ? "no reason given" : failure.redactor.shown(words);
}

int look_up(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (found != nullptr) freeaddrinfo(found);
  return result;
}

Error unknown_host(const LoginFailure& failure) {
  const std::string host = util::escape(failure.endpoint.host);
  const int result = look_up(failure.endpoint.host);
  if (kind_of_lookup(result) == Kind::no_host) {
    return {Kind::no_host, "there is no host " + host + ": " + gai_strerror(result),
            "check the name in \"server\""};
  }
  const std::string words = result == 0 ? words_of(failure) : gai_strerror(result);
  return {Kind::temporary, "cannot look up " + host + ": " + words};
}

Error not_connected(const LoginFailure& failure) {
  const bool told = failure.result.system_error != 0;
  return {
      Kind::temporary,
      "cannot connect to " + address_of(failure.endpoint) + ": " +
          (told ? util::errno_text(static_cast<int>(failure.result.system_error)) : words_of(failure)),
      "check that the network is up and the port is right (pop3s:// uses 995, pop3:// uses 110); the next "
      "run tries again"};
}

/// For the case that there is no POP3 server at the other end, or something in front of it.
std::string hint_for_port(const LoginFailure& failure) {
  const std::string port = std::to_string(failure.endpoint.effective_port());
  return "is " + port + " the server's port for POP3? pop3s:// uses 995, pop3:// uses 110";
}

Error foreign_greeting(const LoginFailure& failure) {
  return {Kind::protocol,
          address_of(failure.endpoint) + " does not speak POP3: its greeting is \"" +
              failure.redactor.shown(*failure.transcript.foreign_greeting()) + "\"",
          hint_for_port(failure)};
}

Error timed_out(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  const std::string time = util::format_duration(failure.endpoint.connect_timeout);
  if (!failure.result.connected) {
    return {Kind::temporary, "cannot connect to " + address + " within " + time,
            "check that the network is up and that no firewall drops port " +
                std::to_string(failure.endpoint.effective_port()) + "; connect_timeout sets the limit"};
  }
  if (failure.transcript.greeted())
    return {Kind::temporary, address + " did not finish the login within " + time,
            "the server is slow or stuck; connect_timeout sets the limit, the next run tries again"};
  const bool speaks_first = failure.endpoint.tls == Tls::implicit;
  return {
      Kind::temporary, address + " sent no greeting within " + time,
      speaks_first
          ? hint_for_port(failure)
          : "if the server expects TLS from the first byte (as on port 995), write pop3s:// in \"server\""};
}

Error refused_greeting(const LoginFailure& failure) {
  const std::string& words = failure.transcript.refusal().value_or("");
  const Refusal refusal = understand(words, Kind::temporary);
  return {refusal.kind, address_of(failure.endpoint) + " refuses connections: " + quoted_refusal(failure),
          refusal.hint};
}

Error odd_reply(const LoginFailure& failure) {
  const auto stage = failure.transcript.stage();
  if (stage == Transcript::Stage::greeting && failure.transcript.refusal()) return refused_greeting(failure);
  const bool at_switch = stage == Transcript::Stage::stls;
  return {Kind::protocol,
          address_of(failure.endpoint) + (at_switch ? " sent clear text after its answer to STLS"
                                                    : " does not speak POP3: " + words_of(failure)),
          at_switch ? "somebody may be tampering with the connection; pop3s:// does not allow this"
                    : hint_for_port(failure)};
}

Error refused_token(const LoginFailure& failure) {
  const auto& refusal = failure.transcript.refusal();
  const std::string& sasl_error = failure.transcript.sasl_error();
  return {understand(refusal.value_or(""), Kind::login).kind,
          address_of(failure.endpoint) + " refused the token of " +
              failure.redactor.shown(failure.login.user) + ": " +
              (refusal ? failure.redactor.shown(*refusal) + " " : "") + failure.redactor.shown(sasl_error),
          "the token has expired, or is not for this mailbox or not for POP3: get a new one"};
}

Error missing_mechanism(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  if (failure.method.way == LoginMethod::Way::apop) {
    return {Kind::unavailable, address + " offers no APOP: its greeting has no timestamp",
            "set \"auth\" to \"auto\""};
  }
  std::string offered;
  for (const std::string& line : failure.transcript.capabilities()) {
    if (line.starts_with("SASL ")) offered = failure.redactor.shown(line.substr(5));
  }
  return {Kind::unavailable, address + " does not offer auth \"" + name_of(failure.login.auth) + "\"",
          offered.empty() ? "it announces no SASL mechanism: set \"auth\" to \"auto\" or \"user\""
                          : "it offers: " + util::lower(offered)};
}

Error refused_login(const LoginFailure& failure) {
  if (lacks_mechanism(failure.result, failure.transcript)) return missing_mechanism(failure);
  if (!failure.transcript.sasl_error().empty()) return refused_token(failure);
  const auto& refusal = failure.transcript.refusal();
  const std::string who =
      address_of(failure.endpoint) + " refused the login of " + failure.redactor.shown(failure.login.user);
  if (!refusal) return {Kind::login, who + ": " + words_of(failure), understand("", Kind::login).hint};
  const Refusal meant = understand(*refusal, Kind::login);
  return {meant.kind, who + ": " + quoted_refusal(failure), meant.hint};
}

/// RFC 2449 demands an -ERR from a server that does not know CAPA.
Error no_capa(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  const bool silent = failure.result.code == CURLE_OPERATION_TIMEDOUT || failure.result.capa_timed_out;
  const std::string hint =
      failure.endpoint.tls == Tls::starttls
          ? "pop3:// with TLS cannot do without CAPA: try pop3s:// in \"server\""
          : "\"auth\": \"user\" logs in without CAPA at a server that does not understand it";
  return {Kind::temporary,
          silent ? address + " did not answer CAPA in time"
                 : address + " closed the connection instead of answering CAPA: " + words_of(failure),
          hint};
}

Error lost(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  if (!failure.transcript.greeted()) {
    return {Kind::temporary, address + " closed the connection before its greeting: " + words_of(failure),
            hint_for_port(failure)};
  }
  return {Kind::temporary, "connection to " + address + " lost: " + words_of(failure)};
}

bool speaks_of_alert(const LoginFailure& failure) {
  return util::lower(failure.result.words).find("alert") != std::string::npos;
}

}  // namespace

Kind kind_of_lookup(int result) {
  return result == EAI_NONAME || result == EAI_NODATA ? Kind::no_host : Kind::temporary;
}

bool unanswered_capa(const ConnectResult& result, const Transcript& transcript) {
  switch (result.code) {
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
      break;
    default:
      if (!result.capa_timed_out) return false;
  }
  return transcript.awaits_capa() && result.proxy_variable.empty();
}

bool lacks_mechanism(const ConnectResult& result, const Transcript& transcript) {
  return result.code == CURLE_LOGIN_DENIED && !transcript.login_tried();
}

Error explain(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  if (const auto error = explain_proxy(failure)) return *error;
  if (unanswered_capa(failure.result, failure.transcript)) return no_capa(failure);
  switch (failure.result.code) {
    case CURLE_OK:  // connected, and refused by a login of our own
      if (failure.transcript.foreign_greeting()) return foreign_greeting(failure);
      if (failure.transcript.stage() == Transcript::Stage::greeting) return refused_greeting(failure);
      return refused_login(failure);
    case CURLE_LOGIN_DENIED:
      return refused_login(failure);
    case CURLE_ABORTED_BY_CALLBACK:
      return {Kind::cancelled, "stopped while connecting to " + address};
    case CURLE_COULDNT_RESOLVE_HOST:
      return unknown_host(failure);
    case CURLE_COULDNT_CONNECT:
      return not_connected(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(failure);
    case CURLE_WEIRD_SERVER_REPLY:
      return odd_reply(failure);
    case CURLE_WRITE_ERROR:  // our header callback ended the connection
      if (failure.transcript.foreign_greeting()) return foreign_greeting(failure);
      return {Kind::protocol,
              address + " sent an APOP timestamp that is not a message-id: nothing was sent in answer",
              "set \"auth\" to \"auto\""};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return lost(failure);
    case CURLE_AUTH_ERROR:
      return {Kind::login, "cannot log in to " + address + ": " + words_of(failure),
              "is there a Kerberos ticket? see klist(1)"};
    case CURLE_OUT_OF_MEMORY:
      return {Kind::os, "cannot connect to " + address + ": out of memory"};
    case CURLE_RECV_ERROR:
      if (!failure.transcript.greeted() && !speaks_of_alert(failure)) return lost(failure);
      return explain_tls(failure);
    default:
      return explain_tls(failure);
  }
}

}  // namespace mailhaul::net
