// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>

#include "net/connection.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// What a certificate says about itself, in its own words, to be shown to people; empty if it was not
/// received.
struct CertificateFacts {
  std::string valid_from, valid_until;
  std::string names;  ///< "DNS:mail.example.org, DNS:pop.example.org"
};

/// Reads the certificate of a server that is not trusted, so that an error can say what is wrong with it.
/// Sends nothing of the user's. Does not throw for network trouble.
CertificateFacts look_at_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
                                     std::chrono::milliseconds limit);

}  // namespace mailhaul::net
