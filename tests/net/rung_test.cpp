// SPDX-License-Identifier: MIT
#include "net/rung.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "util/error.h"

namespace {

using namespace mailhaul::net;

std::string names(const std::vector<Rung>& rungs) {
  std::string result;
  for (const Rung& rung : rungs) result += (result.empty() ? "" : " ") + rung.name;
  return result;
}

bool supported(const std::string& name) {
  const auto all = supported_auth();
  return std::find(all.begin(), all.end(), name) != all.end();
}

TEST_CASE("the ladder begins with the rung that is remembered and keeps the others behind it") {
  struct Row {
    Auth auth;
    std::string remembered, rungs;
  };
  const std::vector<Row> rows = {
      {Auth::automatic, "", "sasl-ir sasl user"},
      {Auth::automatic, "sasl", "sasl sasl-ir user"},
      {Auth::automatic, "user", "user sasl-ir sasl"},
      {Auth::automatic, "apop", "sasl-ir sasl user"},
      {Auth::user, "sasl", "user"},
      {Auth::apop, "", "apop"},
      {Auth::cram_md5, "", "sasl"},
      {Auth::plain, "sasl", "sasl sasl-ir"},
      {Auth::xoauth2, "", "sasl-ir sasl"},
  };
  for (const Row& row : rows) {
    CAPTURE(name_of(row.auth));
    CAPTURE(row.remembered);
    CHECK(names(ladder(row.auth, Tls::implicit, row.remembered)) == row.rungs);
  }
}

TEST_CASE("auto offers the password itself under TLS, and CRAM-MD5 first where TLS was given up") {
  CHECK(ladder(Auth::automatic, Tls::starttls, "").front().mechanisms == "AUTH=PLAIN;AUTH=LOGIN");
  const std::string plain = ladder(Auth::automatic, Tls::none, "").front().mechanisms;
  CHECK(plain.ends_with("AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN"));
  CHECK(plain.find("APOP") == std::string::npos);
}

TEST_CASE("a mechanism that libcurl lacks is refused with the names of those it has") {
  if (supported("scram-sha-256")) return;  // a libcurl with GSASL has them all
  try {
    ladder(Auth::scram_sha_256, Tls::implicit, "");
    FAIL("it was accepted");
  } catch (const mailhaul::util::Error& error) {
    CHECK(error.kind() == mailhaul::util::Kind::config);
    CHECK(std::string(error.what()).find("scram-sha-256") != std::string::npos);
    CHECK(error.hint().find("cram-md5") != std::string::npos);
  }
}

TEST_CASE("an APOP timestamp has to be a message-id") {
  struct Row {
    std::string greeting;
    Stamp stamp;
  };
  const std::vector<Row> rows = {
      {"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", Stamp::plausible},
      {"+OK <a+b/c=.1@[127.0.0.1]>", Stamp::plausible},
      {"+OK ready", Stamp::none},
      {"+OK <ready>", Stamp::none},
      {"+OK <1.2@host", Stamp::forged},
      {"+OK <1\x80@host>", Stamp::forged},
      {"+OK <1 2@host>", Stamp::forged},
      {"+OK <1@ho st>", Stamp::forged},
      {"+OK <1..2@host>", Stamp::forged},
      {"+OK <@host>", Stamp::forged},
      {"+OK <1@>", Stamp::forged},
      {"+OK <1@host@other>", Stamp::forged},
      {"+OK <x> <1@host>", Stamp::forged},
      {"+OK <1@host>>", Stamp::forged},
  };
  for (const Row& row : rows) {
    CAPTURE(row.greeting);
    CHECK(stamp_of(row.greeting) == row.stamp);
  }
}

}  // namespace
