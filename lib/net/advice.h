// SPDX-License-Identifier: MIT
// Hints about the provider behind a host, which replace the general hints or are added to them. The table of
// providers is on a higher floor (setup/providers.h), so app passes a function that reads it.
#pragma once
#include <string>

namespace mailhaul::net {

struct Endpoint;
struct Login;

/// Hints; an empty one changes nothing.
struct Advice {
  std::string refused;    ///< for a login that was refused
  std::string mechanism;  ///< for a login method that the server does not offer
  std::string server;     ///< for an address at which no POP3 server answers: the right one
};

/// Called only after a connection or a login has failed. Any thread.
using Advisor = Advice (*)(const Endpoint& endpoint, const Login& login);

}  // namespace mailhaul::net
