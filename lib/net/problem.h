// SPDX-License-Identifier: MIT
// The one place that turns libcurl's result codes into sentences for people.
#pragma once
#include <optional>

#include "net/connection.h"
#include "net/curl_handle.h"
#include "net/login_method.h"
#include "net/raw_login.h"
#include "net/redactor.h"
#include "net/transcript.h"
#include "util/error.h"

namespace mailhaul::net {

/// A failed attempt to open a session. All is borrowed.
struct LoginFailure {
  const Endpoint& endpoint;
  const Login& login;
  const LoginMethod& method;
  const Redactor& redactor;
  const Transcript& transcript;
  const ConnectResult& result;
  const Deadline& deadline;
};

/// Why it failed, in one sentence with the server's own words, and what to do about it.
[[nodiscard]] util::Error explain(const LoginFailure& failure);
/// The same for results that have to do with TLS (STLS: RFC 2595 section 4).
util::Error explain_tls(const LoginFailure& failure);
/// The same for results that a proxy caused; empty: none did.
std::optional<util::Error> explain_proxy(const LoginFailure& failure);
/// The server hung up or fell silent where CAPA should have been answered.
bool unanswered_capa(const ConnectResult& result, const Transcript& transcript);
/// No mechanism of the method is offered: nothing was tried, so nothing was refused.
bool lacks_mechanism(const ConnectResult& result, const Transcript& transcript);

/// What a failed name look-up means, from getaddrinfo's result: libcurl does not tell a name that does not
/// exist from a resolver that does not answer.
util::Kind kind_of_lookup(int result);

}  // namespace mailhaul::net
