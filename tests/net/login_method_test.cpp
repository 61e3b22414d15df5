// SPDX-License-Identifier: MIT
#include "net/login_method.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "util/error.h"

namespace {

using namespace mailhaul::net;

std::string names(const std::vector<LoginMethod>& methods) {
  std::string result;
  for (const LoginMethod& method : methods) result += (result.empty() ? "" : " ") + method.name;
  return result;
}

bool supported(const std::string& name) {
  const auto all = supported_auth();
  return std::find(all.begin(), all.end(), name) != all.end();
}

TEST_CASE("the remembered login method comes first, the others follow in order") {
  struct Row {
    Auth auth;
    std::string remembered, methods;
  };
  const std::vector<Row> rows = {
      {Auth::automatic, "", "sasl-ir sasl user user-without-capa"},
      {Auth::automatic, "sasl", "sasl sasl-ir user user-without-capa"},
      {Auth::automatic, "user", "user sasl-ir sasl user-without-capa"},
      {Auth::automatic, "apop", "sasl-ir sasl user user-without-capa"},
      {Auth::user, "sasl", "user user-without-capa"},
      {Auth::apop, "", "apop"},
      {Auth::cram_md5, "", "sasl"},
      {Auth::plain, "sasl", "sasl sasl-ir"},
      {Auth::xoauth2, "", "sasl-ir sasl"},
  };
  for (const Row& row : rows) {
    CAPTURE(name_of(row.auth));
    CAPTURE(row.remembered);
    CHECK(names(login_methods(row.auth, Tls::implicit, row.remembered)) == row.methods);
  }
}

TEST_CASE("auto sends the password itself under TLS, and prefers CRAM-MD5 without TLS") {
  CHECK(login_methods(Auth::automatic, Tls::starttls, "").front().mechanisms == "AUTH=PLAIN;AUTH=LOGIN");
  const std::string plain = login_methods(Auth::automatic, Tls::none, "").front().mechanisms;
  CHECK(plain.ends_with("AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN"));
  CHECK(plain.find("APOP") == std::string::npos);
}

TEST_CASE("a mechanism that libcurl lacks is refused, and the error lists those it has") {
  if (supported("scram-sha-256")) return;  // a libcurl with GSASL has them all
  try {
    login_methods(Auth::scram_sha_256, Tls::implicit, "");
    FAIL("it was accepted");
  } catch (const mailhaul::util::Error& error) {
    CHECK(error.kind() == mailhaul::util::Kind::config);
    CHECK(std::string(error.what()).find("scram-sha-256") != std::string::npos);
    CHECK(error.hint().find("cram-md5") != std::string::npos);
  }
}

TEST_CASE("an APOP timestamp must be a message-id") {
  struct Row {
    std::string greeting;
    ApopTimestamp stamp;
  };
  const std::vector<Row> rows = {
      {"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", ApopTimestamp::plausible},
      {"+OK <a+b/c=.1@[127.0.0.1]>", ApopTimestamp::plausible},
      {"+OK ready", ApopTimestamp::none},
      {"+OK <ready>", ApopTimestamp::none},
      {"+OK <1.2@host", ApopTimestamp::forged},
      {"+OK <1\x80@host>", ApopTimestamp::forged},
      {"+OK <1 2@host>", ApopTimestamp::forged},
      {"+OK <1@ho st>", ApopTimestamp::forged},
      {"+OK <1..2@host>", ApopTimestamp::forged},
      {"+OK <@host>", ApopTimestamp::forged},
      {"+OK <1@>", ApopTimestamp::forged},
      {"+OK <1@host@other>", ApopTimestamp::forged},
      {"+OK <x> <1@host>", ApopTimestamp::forged},
      {"+OK <1@host>>", ApopTimestamp::forged},
  };
  for (const Row& row : rows) {
    CAPTURE(row.greeting);
    CHECK(apop_timestamp(row.greeting) == row.stamp);
  }
}

}  // namespace
