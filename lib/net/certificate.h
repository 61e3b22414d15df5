// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// What a certificate says about itself, in its own words, which have to be escaped; empty if it was not
/// received.
struct CertificateFacts {
  std::string subject, issuer;
  std::string valid_from, valid_until;
  std::string names;   ///< "DNS:mail.example.org, DNS:pop.example.org"
  std::string pin;     ///< "sha256//BASE64" of its key
  bool alone = false;  ///< no other certificate came with it, and another one has issued it
  bool is_out_of_date = false;
};

/// Reads the certificate of a server that is not trusted, so that an error can say what is wrong with it.
/// Sends nothing of the user's. Does not throw for network trouble.
CertificateFacts read_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
                                  std::chrono::milliseconds limit);

/// The end in libcurl's words about a certificate, " expire date: Dec 31 00:00:00 2049 GMT"; empty: the words
/// are about something else.
std::optional<std::chrono::sys_seconds> certificate_end(std::string_view words);

/// Whether a certificate in PEM has ended, or does not hold yet, by this machine's clock.
bool is_out_of_date(std::string_view pem);

/// "sha256//BASE64" of the public key in a certificate in PEM (RFC 7469 section 2.4); empty if there is none.
std::string pin_of_certificate(std::string_view pem);

}  // namespace mailhaul::net
