// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// What a certificate says about itself, in its own words. They have to be escaped; they are empty if no
/// certificate was received.
struct CertificateFacts {
  std::string subject, issuer;
  std::string valid_from, valid_until;
  std::string names;   ///< "DNS:mail.example.org, DNS:pop.example.org"
  std::string pin;     ///< "sha256//BASE64" of its key
  bool alone = false;  ///< it came without the certificate of its issuer, and is not self-signed
  bool is_out_of_date = false;
};

/// Reads the certificate of a server that is not trusted, so that an error can say what is wrong with it.
/// Sends nothing that belongs to the user. Does not throw for network trouble.
CertificateFacts read_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
                                  std::chrono::milliseconds limit);

/// When a certificate expires, from libcurl's remark " expire date: Dec 31 00:00:00 2049 GMT"; empty if the
/// words are another remark.
std::optional<std::chrono::sys_seconds> certificate_end(std::string_view words);

/// Whether a certificate in PEM has expired, or is not valid yet, by this machine's clock.
bool is_out_of_date(std::string_view pem);

/// "sha256//BASE64" of the public key in a certificate in PEM (RFC 7469 section 2.4); empty if there is none.
std::string pin_of_certificate(std::string_view pem);

}  // namespace mailhaul::net
