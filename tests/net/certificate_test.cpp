// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <doctest/doctest.h>

#include "support/cpp/certificates.h"
#include "util/base64.h"

namespace {

using mailhaul::net::pin_of_certificate;
using namespace mailhaul::test;

std::string in_pem(const std::string& der) {
  return "-----BEGIN CERTIFICATE-----\n" + mailhaul::util::base64_encode(der) +
         "\n-----END CERTIFICATE-----\n";
}

}  // namespace

TEST_CASE("the pin of a certificate is that of its public key") {
  const auto one = self_signed();
  CHECK(pin_of_certificate(one.pem) == one.pin);
  const auto other = Authority().issue({.names = {"a.example", "b.example"}});
  CHECK(pin_of_certificate(other.pem + one.pem) == other.pin);
}

TEST_CASE("what is no certificate has no pin") {
  for (const std::string& text :
       {std::string(), std::string("-----BEGIN CERTIFICATE-----"), in_pem(""), in_pem("0"),
        in_pem("\x30\x84\xff\xff\xff\xff"), in_pem("\x30\x82\xff"), in_pem("\x30\x03\x30\x01"),
        std::string("-----END-----BEGIN CERTIFICATE-----")})
    CHECK(pin_of_certificate(text).empty());
  const auto whole = self_signed().pem;
  for (std::size_t end = 0; end < whole.size(); end += 7) {
    const auto cut = whole.substr(0, end) + "\n-----END CERTIFICATE-----\n";
    CHECK_NOTHROW(static_cast<void>(pin_of_certificate(cut)));
  }
}
