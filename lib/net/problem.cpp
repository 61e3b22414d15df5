// SPDX-License-Identifier: MIT
#include "net/problem.h"

#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>

#include "net/response.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

std::string words_of(const Failed& failed) { return failed.mask.shown(failed.ended.words); }

std::string quoted_refusal(const Failed& failed) {
  const std::string& words = failed.transcript.refusal().value_or("");
  return words.empty() ? "no reason given" : failed.mask.shown(words);
}

int look_up(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (found != nullptr) freeaddrinfo(found);
  return result;
}

Error unknown_host(const Failed& failed) {
  const std::string host = util::escape(failed.endpoint.host);
  const int result = look_up(failed.endpoint.host);
  if (kind_of_lookup(result) == Kind::no_host) {
    return {Kind::no_host, "there is no host " + host + ": " + gai_strerror(result),
            "check the name in \"server\""};
  }
  const std::string words = result == 0 ? words_of(failed) : gai_strerror(result);
  return {Kind::temporary, "cannot look up " + host + ": " + words};
}

Error not_connected(const Failed& failed) {
  const bool told = failed.ended.system_error != 0;
  return {Kind::temporary,
          "cannot connect to " + address_of(failed.endpoint) + ": " +
              (told ? util::errno_text(static_cast<int>(failed.ended.system_error)) : words_of(failed)),
          "see that the network is up and the port is right (pop3s:// takes 995, pop3:// takes 110); the "
          "next run "
          "tries again"};
}

/// No server of POP3 at the other end, or one that stands behind something else.
std::string hint_for_port(const Failed& failed) {
  const std::string port = std::to_string(failed.endpoint.effective_port());
  return "is " + port + " the server's port for POP3? pop3s:// takes 995, pop3:// takes 110";
}

Error stranger(const Failed& failed) {
  return {Kind::protocol,
          address_of(failed.endpoint) + " does not speak POP3: it greets with \"" +
              failed.mask.shown(*failed.transcript.stranger()) + "\"",
          hint_for_port(failed)};
}

Error timed_out(const Failed& failed) {
  const std::string address = address_of(failed.endpoint);
  const std::string time = util::format_duration(failed.endpoint.connect_timeout);
  if (!failed.ended.connected) {
    return {Kind::temporary, "cannot connect to " + address + " within " + time,
            "see that the network is up and no firewall drops port " +
                std::to_string(failed.endpoint.effective_port()) + "; connect_timeout sets the limit"};
  }
  if (failed.transcript.greeted())
    return {Kind::temporary, address + " did not finish the login within " + time,
            "the server is slow or stuck; connect_timeout sets the limit, the next run tries again"};
  const bool speaks_first = failed.endpoint.tls == Tls::implicit;
  return {Kind::temporary, address + " sent no greeting within " + time,
          speaks_first
              ? hint_for_port(failed)
              : "if it expects TLS from the first byte (as on port 995), write pop3s:// in \"server\""};
}

Error refused_greeting(const Failed& failed) {
  const std::string& words = failed.transcript.refusal().value_or("");
  const Kind kind = kind_of_refusal(words, Kind::temporary);
  return {kind, address_of(failed.endpoint) + " takes no connections: " + quoted_refusal(failed),
          hint_for_refusal(words, kind)};
}

Error odd_reply(const Failed& failed) {
  const auto stage = failed.transcript.stage();
  if (stage == Transcript::Stage::greeting && failed.transcript.refusal()) return refused_greeting(failed);
  const bool at_switch = stage == Transcript::Stage::stls;
  return {Kind::protocol,
          address_of(failed.endpoint) + (at_switch ? " sent clear text behind its answer to STLS"
                                                   : " does not speak POP3: " + words_of(failed)),
          at_switch ? "somebody may be tampering with the connection; pop3s:// leaves no room for that"
                    : hint_for_port(failed)};
}

Error refused_token(const Failed& failed) {
  const auto& refusal = failed.transcript.refusal();
  const std::string& complaint = failed.transcript.complaint();
  return {kind_of_refusal(refusal.value_or(""), Kind::login),
          address_of(failed.endpoint) + " refused the token of " + failed.mask.shown(failed.login.user) +
              ": " + (refusal ? failed.mask.shown(*refusal) + " " : "") + failed.mask.shown(complaint),
          "the token has expired, or is not for this mailbox and POP3: get a new one"};
}

Error missing_mechanism(const Failed& failed) {
  const std::string address = address_of(failed.endpoint);
  if (failed.rung.way == Rung::Way::apop) {
    return {Kind::unavailable, address + " offers no APOP: its greeting bears no timestamp",
            "set \"auth\" to \"auto\""};
  }
  std::string offered;
  for (const std::string& line : failed.transcript.capabilities()) {
    if (line.starts_with("SASL ")) offered = failed.mask.shown(line.substr(5));
  }
  return {Kind::unavailable, address + " does not offer auth \"" + name_of(failed.login.auth) + "\"",
          offered.empty() ? "it announces no SASL mechanism: set \"auth\" to \"auto\" or \"user\""
                          : "it offers: " + util::lower(offered)};
}

Error refused_login(const Failed& failed) {
  if (lacks_mechanism(failed.ended, failed.transcript)) return missing_mechanism(failed);
  if (!failed.transcript.complaint().empty()) return refused_token(failed);
  const auto& refusal = failed.transcript.refusal();
  const std::string who =
      address_of(failed.endpoint) + " refused the login of " + failed.mask.shown(failed.login.user);
  if (!refusal) return {Kind::login, who + ": " + words_of(failed), hint_for_refusal("", Kind::login)};
  const Kind kind = kind_of_refusal(*refusal, Kind::login);
  return {kind, who + ": " + quoted_refusal(failed), hint_for_refusal(*refusal, kind)};
}

Error lost(const Failed& failed) {
  const std::string address = address_of(failed.endpoint);
  if (!failed.transcript.greeted()) {
    return {Kind::temporary, address + " closed the connection before its greeting: " + words_of(failed),
            hint_for_port(failed)};
  }
  return {Kind::temporary, "connection to " + address + " lost: " + words_of(failed)};
}

bool speaks_of_alert(const Failed& failed) {
  return util::lower(failed.ended.words).find("alert") != std::string::npos;
}

}  // namespace

Kind kind_of_lookup(int result) {
  return result == EAI_NONAME || result == EAI_NODATA ? Kind::no_host : Kind::temporary;
}

bool lacks_mechanism(const Ended& ended, const Transcript& transcript) {
  return ended.code == CURLE_LOGIN_DENIED && !transcript.login_tried();
}

Error explain(const Failed& failed) {
  const std::string address = address_of(failed.endpoint);
  if (const auto error = explain_proxy(failed)) return *error;
  switch (failed.ended.code) {
    case CURLE_OK:  // connected, and refused by the raw login
    case CURLE_LOGIN_DENIED:
      return refused_login(failed);
    case CURLE_ABORTED_BY_CALLBACK:
      return {Kind::cancelled, "stopped while connecting to " + address};
    case CURLE_COULDNT_RESOLVE_HOST:
      return unknown_host(failed);
    case CURLE_COULDNT_CONNECT:
      return not_connected(failed);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(failed);
    case CURLE_WEIRD_SERVER_REPLY:
      return odd_reply(failed);
    case CURLE_WRITE_ERROR:  // our own doing, in the header callback
      if (failed.transcript.stranger()) return stranger(failed);
      return {Kind::protocol,
              address + " sent an APOP timestamp that is no message-id: nothing was sent in answer",
              "set \"auth\" to \"auto\""};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return lost(failed);
    case CURLE_AUTH_ERROR:
      return {Kind::login, "cannot log in to " + address + ": " + words_of(failed),
              "is there a ticket? see klist(1)"};
    case CURLE_OUT_OF_MEMORY:
      return {Kind::os, "cannot connect to " + address + ": out of memory"};
    case CURLE_RECV_ERROR:
      if (!failed.transcript.greeted() && !speaks_of_alert(failed)) return lost(failed);
      return explain_tls(failed);
    default:
      return explain_tls(failed);
  }
}

}  // namespace mailhaul::net
