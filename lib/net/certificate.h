// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>

#include "net/connection.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// What a certificate says about itself, in its own words; empty where it could not be had. Only to be shown.
struct CertificateFacts {
  std::string valid_from, valid_until;
  std::string names;  ///< "DNS:mail.example.org, DNS:pop.example.org"
};

/// Reads the certificate of a server that was found not to be trusted, so that an error can tell what is
/// wrong with it. Nothing of the user's is sent. Never throws for what the network does.
CertificateFacts look_at_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
                                     std::chrono::milliseconds limit);

}  // namespace mailhaul::net
