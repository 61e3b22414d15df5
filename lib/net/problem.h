// SPDX-License-Identifier: MIT
// The one place that turns libcurl's result codes into sentences for people.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/advice.h"
#include "net/connection.h"
#include "net/curl_handle.h"
#include "net/deadline.h"
#include "net/login_conversation.h"
#include "net/login_method.h"
#include "net/redactor.h"
#include "net/transcript.h"
#include "util/error.h"

namespace mailhaul::net {

/// A failed attempt to open a session. All is borrowed.
struct LoginFailure {
  const Endpoint& endpoint;
  const Login& login;
  const std::optional<LoginMethod>& method;  ///< what was tried
  const std::optional<LoginEnd>& end;        ///< how our own conversation ended, if one was begun
  const Redactor& redactor;
  const Transcript& transcript;
  const ConnectResult& result;
  const Deadline& deadline;
  const std::vector<std::string>& tried;  ///< addresses
};

/// Why it failed, in one sentence with the server's own words, and what to do about it.
[[nodiscard]] util::Error explain(const LoginFailure& failure);
/// The same for results that have to do with TLS (STLS: RFC 2595 section 4).
util::Error explain_tls(const LoginFailure& failure);
/// The same for results that a proxy caused; empty if no proxy did.
std::optional<util::Error> explain_proxy(const LoginFailure& failure);
/// The same for the end of our own conversation. REQUIRES: there is one.
util::Error explain_login(const LoginFailure& failure);
/// "host:port", and the addresses that were tried.
std::string where(const LoginFailure& failure);
/// The words of an -ERR, fit for a sentence.
std::string quoted(const LoginFailure& failure, std::string_view refusal);
/// The same error with the hint of the provider behind the host, if there is one.
util::Error advised(const LoginFailure& failure, const util::Error& error, Advisor advise);
/// The hint for the case that there is no POP3 server at the other end, or something is in front of it.
std::string hint_for_port(const LoginFailure& failure);
util::Error timed_out(const LoginFailure& failure);
util::Error lost(const LoginFailure& failure, const std::string& words);
/// The peer ended TLS with an alert, or could not begin it.
util::Error no_handshake(const LoginFailure& failure, const std::string& words);
/// The server offers no TLS, or has refused it in these words.
util::Error no_stls(const LoginFailure& failure, const std::optional<std::string>& refusal);

/// What a failed name look-up means, from getaddrinfo's result: libcurl does not distinguish a name that does
/// not exist from a resolver that does not answer.
util::Kind kind_of_lookup(int result);

}  // namespace mailhaul::net
