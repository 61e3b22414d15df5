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
  enum class Way {
    sasl,                    ///< AUTH by libcurl, with a password (RFC 5034)
    bearer,                  ///< AUTH by libcurl, with a token (RFC 7628)
    xoauth2,                 ///< AUTH XOAUTH2 by ourselves: libcurl does not read why a token is refused
    apop,                    ///< APOP by libcurl (RFC 1939 section 7)
    user_pass,               ///< USER and PASS by ourselves (RFC 1939 section 7)
    user_pass_without_capa,  ///< the same at a server that does not survive the question for capabilities
  };
  std::string name;  ///< "sasl-ir", "sasl", "apop", "user": what is remembered
  Way way = Way::sasl;
  std::string mechanisms{};       ///< for libcurl: "AUTH=PLAIN;AUTH=LOGIN"
  bool initial_response = false;  ///< the credentials stand on the AUTH line (RFC 5034 section 4)
};

/// The methods for this login, the remembered one first. Never clear text where TLS is demanded, never APOP
/// unless it was asked for. Throws Error{config} for a mechanism that this build of libcurl does not have.
std::vector<LoginMethod> login_methods(Auth auth, Tls tls, std::string_view remembered);

/// The name of an `auth`, as written in the configuration: "cram-md5".
std::string name_of(Auth auth);

/// What the greeting's APOP timestamp is: missing, a message-id of RFC 822 as RFC 1939 section 7 demands, or
/// something made up so that the digest over it reveals the password (CVE-2007-1558).
enum class ApopTimestamp { none, plausible, forged };
ApopTimestamp apop_timestamp(std::string_view greeting);

}  // namespace mailhaul::net
