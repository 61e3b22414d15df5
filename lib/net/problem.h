// SPDX-License-Identifier: MIT
// The one place that turns libcurl's result codes into sentences for people.
#pragma once
#include <optional>

#include "net/connection.h"
#include "net/easy.h"
#include "net/mask.h"
#include "net/raw_login.h"
#include "net/rung.h"
#include "net/transcript.h"
#include "util/error.h"

namespace mailhaul::net {

/// An attempt to open a session that came to nothing.
struct Failed {
  const Endpoint& endpoint;
  const Login& login;
  const Rung& rung;
  const Mask& mask;
  const Transcript& transcript;
  const Ended& ended;
  const Deadline& deadline;
};

/// Why, in one sentence, with the server's own words, and what to do about it.
util::Error explain(const Failed& failed);
/// The same for results that have to do with TLS.
util::Error explain_tls(const Failed& failed);
/// The same for results that a proxy is to blame for; empty: none is.
std::optional<util::Error> explain_proxy(const Failed& failed);
/// No mechanism of the rung is offered: nothing was tried, so nothing was refused.
bool lacks_mechanism(const Ended& ended, const Transcript& transcript);

/// What a failed name look-up means, from getaddrinfo's result: libcurl does not tell a name that does not
/// exist from a resolver that does not answer.
util::Kind kind_of_lookup(int result);

}  // namespace mailhaul::net
