// SPDX-License-Identifier: MIT
#include "net/problem.h"

#include <curl/curl.h>
#include <netdb.h>

#include "net/lookup.h"
#include "net/refusal.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

std::string words_of(const LoginFailure& failure) { return failure.redactor.shown(failure.result.words); }

/// A look-up takes as long as the system's resolver does, which may be longer than anybody waits.
bool may_look_up(const LoginFailure& failure) {
  return !failure.deadline.cancel.requested() && failure.deadline.left().count() > 0;
}

/// The error if the host has addresses, but none of the family that is wanted; empty otherwise.
std::optional<Error> no_such_family(const LoginFailure& failure) {
  const std::string& host = failure.endpoint.host;
  const Family family = failure.endpoint.family;
  if (family == Family::any || !failure.endpoint.proxy.empty() || !failure.endpoint.crosses_network())
    return std::nullopt;
  if (!may_look_up(failure)) return std::nullopt;
  if (look_up(host, family).result == 0 || look_up(host, Family::any).result != 0) return std::nullopt;
  return Error(Kind::no_host,
               "the host " + host + " has no " + (family == Family::ipv4 ? "IPv4" : "IPv6") + " address",
               "remove \"address_family\", or set it to \"any\"");
}

Error stopped(const LoginFailure& failure) {
  return {Kind::cancelled, "stopped while connecting to " + address_of(failure.endpoint)};
}

Error unknown_host(const LoginFailure& failure) {
  if (const auto error = no_such_family(failure)) return *error;
  const std::string& host = failure.endpoint.host;
  if (failure.deadline.cancel.requested()) return stopped(failure);
  if (!may_look_up(failure)) return {Kind::temporary, "cannot look up " + host + ": " + words_of(failure)};
  const int result = look_up(host, Family::any).result;
  if (kind_of_lookup(result) == Kind::no_host) {
    return {Kind::no_host, "there is no host " + host + ": " + gai_strerror(result),
            "check the name in \"server\""};
  }
  const std::string words = result == 0 ? words_of(failure) : gai_strerror(result);
  return {Kind::temporary, "cannot look up " + host + ": " + words};
}

Error not_connected(const LoginFailure& failure) {
  if (const auto error = no_such_family(failure)) return *error;
  const bool told = failure.result.system_error != 0;
  const std::string words =
      told ? util::errno_text(static_cast<int>(failure.result.system_error)) : words_of(failure);
  return {Kind::temporary, "cannot connect to " + where(failure) + ": " + words,
          failure.endpoint.socket.empty()
              ? "check that the network is up and the port is right (pop3s:// uses 995, pop3:// uses 110); "
                "the next run tries again"
              : "check that the server is running, and the path in \"server\""};
}

/// The error for a login that libcurl has tried itself.
Error refused_by_libcurl(const LoginFailure& failure) {
  const std::string who =
      address_of(failure.endpoint) + " refused the login of " + failure.redactor.shown(failure.login.user);
  const auto& refusal = failure.transcript.refusal();
  if (!failure.transcript.login_tried())
    return {Kind::unavailable,
            address_of(failure.endpoint) + " does not offer auth \"" + name_of(failure.login.auth) + "\"",
            "set \"auth\" to \"auto\""};
  const Refusal meant = understand(refusal.value_or(""), Kind::login);
  return {meant.kind, who + ": " + (refusal ? quoted(failure, *refusal) : words_of(failure)), meant.hint};
}

Error odd_reply(const LoginFailure& failure) {
  const auto& said = failure.transcript;
  const std::string address = address_of(failure.endpoint);
  if (said.phase() == Transcript::Phase::greeting && said.refusal())
    return {understand(*said.refusal(), Kind::temporary).kind,
            address + " refuses connections: " + quoted(failure, *said.refusal())};
  return {Kind::protocol, address + " does not speak POP3: " + words_of(failure), hint_for_port(failure)};
}

Error tunnel_ended(const LoginFailure& failure) {
  const std::string program = util::escape(failure.endpoint.tunnel.front());
  return {Kind::temporary,
          "the tunnel to " + address_of(failure.endpoint) + " ended before the greeting: " + program + ": " +
              failure.redactor.shown(failure.result.tunnel_end),
          "run the command of \"tunnel\" by hand: it must print the server's greeting and must not ask for "
          "anything"};
}

bool speaks_of_alert(const LoginFailure& failure) {
  return util::lower(failure.result.words).find("alert") != std::string::npos;
}

}  // namespace

std::string where(const LoginFailure& failure) {
  const Endpoint& endpoint = failure.endpoint;
  const bool named = failure.tried.size() == 1 && failure.tried.front() == endpoint.host;
  const bool known = !failure.tried.empty() && !named && endpoint.proxy.empty() && endpoint.crosses_network();
  return address_of(endpoint) + (known ? " (tried " + util::joined(failure.tried, {}, ", ") + ")" : "");
}

std::string quoted(const LoginFailure& failure, std::string_view refusal) {
  return refusal.empty() ? "no reason given" : failure.redactor.shown(refusal);
}

std::string hint_for_port(const LoginFailure& failure) {
  const std::string port = std::to_string(failure.endpoint.effective_port());
  return "is " + port + " the server's port for POP3? pop3s:// uses 995, pop3:// uses 110";
}

Error timed_out(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  const std::string time = util::format_duration(failure.endpoint.connect_timeout);
  if (!failure.result.connected) {
    return {Kind::temporary, "cannot connect to " + where(failure) + " within " + time,
            "check that the network is up and that no firewall drops port " +
                std::to_string(failure.endpoint.effective_port()) + "; \"connect_timeout\" sets the limit"};
  }
  if (failure.transcript.greeted())
    return {Kind::temporary, address + " did not finish the login within " + time,
            "the server is slow or stuck; \"connect_timeout\" sets the limit, the next run tries again"};
  const bool speaks_first = failure.endpoint.tls == Tls::implicit;
  return {
      Kind::temporary, where(failure) + " sent no greeting within " + time,
      speaks_first
          ? hint_for_port(failure)
          : "if the server expects TLS from the first byte (as on port 995), write pop3s:// in \"server\""};
}

Error lost(const LoginFailure& failure, const std::string& words) {
  const std::string address = address_of(failure.endpoint);
  if (!failure.transcript.greeted()) {
    return {Kind::temporary, where(failure) + " closed the connection before its greeting: " + words,
            hint_for_port(failure)};
  }
  return {Kind::temporary, "connection to " + address + " lost: " + words};
}

Kind kind_of_lookup(int result) {
  return result == EAI_NONAME || result == EAI_NODATA ? Kind::no_host : Kind::temporary;
}

Error explain(const LoginFailure& failure) {
  const std::string address = address_of(failure.endpoint);
  if (const auto error = explain_proxy(failure)) return *error;
  if (!failure.result.tunnel_end.empty() && !failure.transcript.greeted()) return tunnel_ended(failure);
  if (failure.end) return explain_login(failure);
  switch (failure.result.code) {
    case CURLE_LOGIN_DENIED:
      return refused_by_libcurl(failure);
    case CURLE_ABORTED_BY_CALLBACK:
      return stopped(failure);
    case CURLE_COULDNT_RESOLVE_HOST:
      return unknown_host(failure);
    case CURLE_COULDNT_CONNECT:
      return not_connected(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(failure);
    case CURLE_WEIRD_SERVER_REPLY:
      return odd_reply(failure);
    case CURLE_WRITE_ERROR:  // our header callback ended the connection
      return odd_reply(failure);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return lost(failure, words_of(failure));
    case CURLE_AUTH_ERROR:
      return {Kind::login, "cannot log in to " + address + ": " + words_of(failure),
              "is there a Kerberos ticket? see klist(1)"};
    case CURLE_OUT_OF_MEMORY:
      return {Kind::os, "cannot connect to " + address + ": out of memory"};
    case CURLE_RECV_ERROR:
      if (!failure.transcript.greeted() && !speaks_of_alert(failure)) return lost(failure, words_of(failure));
      return explain_tls(failure);
    default:
      return explain_tls(failure);
  }
}

}  // namespace mailhaul::net
