// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <doctest/doctest.h>

#include "net/connection.h"
#include "support/cpp/certificates.h"
#include "support/cpp/temp_dir.h"
#include "util/base64.h"

namespace {

using mailhaul::net::certificate_end;
using mailhaul::net::is_out_of_date;
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

TEST_CASE("the end of a certificate is found in libcurl's words about it") {
  using std::chrono::sys_days, std::chrono::year_month_day;
  const auto end = certificate_end(" expire date: Dec 31 00:00:05 2049 GMT\n");
  CHECK(end == sys_days(year_month_day{std::chrono::December / 31 / 2049}) + std::chrono::seconds(5));
  CHECK(certificate_end(" expire date: Jan  1 00:00:00 1970 GMT") == std::chrono::sys_seconds());
  for (const auto* text :
       {"", "expire date: Dec 31 00:00:00 2049 GMT", " start date: Dec 31 00:00:00 2049 GMT",
        " expire date: ", " expire date: soon", " expire date: Dec 31 2049"})
    CHECK_FALSE_MESSAGE(certificate_end(text), text);
}

TEST_CASE("a certificate holds from its first day to its last") {
  CHECK_FALSE(is_out_of_date(self_signed().pem));
  CHECK(is_out_of_date(self_signed({.from_day = -9, .until_day = -2}).pem));
  CHECK(is_out_of_date(self_signed({.from_day = 2, .until_day = 9}).pem));
  CHECK_FALSE(is_out_of_date("no certificate"));
}

TEST_CASE("the end of a client certificate is read from its file, before or behind the key") {
  TempDir directory;
  const auto file = directory / "own.pem";
  const auto end = [&](const std::string& content) {
    spill(file, content);
    mailhaul::net::Endpoint endpoint;
    endpoint.client_cert = file;
    return mailhaul::net::client_certificate_end(endpoint);
  };
  const auto own = self_signed({.from_day = -1, .until_day = 10});
  const auto found = end(own.key + own.pem);
  REQUIRE(found);
  CHECK(end(own.pem + own.key) == found);
  const auto later = end(self_signed({.from_day = -1, .until_day = 12}).pem);
  REQUIRE(later);
  CHECK(std::chrono::round<std::chrono::days>(*later - *found) == std::chrono::days(2));
  CHECK_FALSE(end("no certificate"));
  CHECK_FALSE(end(own.pem + std::string(2'000'000, '\n')));
  CHECK_FALSE(mailhaul::net::client_certificate_end({}));
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
