// SPDX-License-Identifier: MIT
// The login methods: which are tried, and in which order. Pure. libcurl's own order is not used: it prefers
// GSSAPI and NTLM even without a ticket, APOP whenever the greeting has a timestamp, and never falls back to
// USER and PASS.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

namespace mailhaul::net {

/// One way to log in; each is tried on a connection of its own.
struct LoginMethod {
  enum class Way { sasl, bearer, apop, raw };  ///< raw: USER and PASS, spoken by ourselves
  std::string name;                            ///< "sasl-ir", "sasl", "apop", "user": what is remembered
  Way way = Way::sasl;
  std::string mechanisms{};  ///< "AUTH=PLAIN;AUTH=LOGIN", for libcurl
  bool initial_response = false;
};

/// The methods for this login, from the one remembered downwards. Never clear text where TLS is demanded,
/// never APOP unless it was asked for. Throws Error{config} for a mechanism that this build of libcurl lacks.
std::vector<LoginMethod> login_methods(Auth auth, Tls tls, std::string_view remembered);

/// "cram-md5", as written in the configuration.
std::string name_of(Auth auth);
/// What the greeting's APOP timestamp is: none at all, a message-id of RFC 822, or something made up so that
/// the digest over it tells about the password (CVE-2007-1558).
enum class ApopTimestamp { none, plausible, forged };
ApopTimestamp apop_timestamp(std::string_view greeting);

}  // namespace mailhaul::net
