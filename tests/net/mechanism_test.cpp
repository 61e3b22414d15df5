// SPDX-License-Identifier: MIT
// The mechanisms, with the examples of their RFCs.
#include "net/mechanism.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "util/base64.h"

namespace {

using namespace mailhaul::net;
using mailhaul::util::base64_decode;
using mailhaul::util::Digest;
using mailhaul::util::Secret;

struct Person {
  Person(std::string name, std::string word) : user(std::move(name)), secret(std::move(word)) {}
  std::string user;
  Secret secret;
  Endpoint endpoint;
  Credentials credentials() const { return {user, secret, endpoint}; }
};

std::string said(Exchange& exchange, std::string_view challenge = {}) {
  const Answer answer = exchange.answer(challenge);
  CHECK(answer.problem == "");
  CHECK(answer.refusal == "");
  return answer.bytes.reveal();
}

const std::string nul(1, '\0');

TEST_CASE("PLAIN, LOGIN and EXTERNAL") {
  const Person tim("tim", "tanstaaftanstaaf");
  Exchange plain = start_plain(tim.credentials());
  CHECK(said(plain) == nul + "tim" + nul + "tanstaaftanstaaf");
  CHECK(plain.answer("").problem != "");  // it has nothing more to say

  Exchange login = start_login(tim.credentials());
  CHECK(said(login) == "tim");
  CHECK(said(login, "Password:") == "tanstaaftanstaaf");
  CHECK(login.answer("Password:").problem != "");

  Exchange twice = start_login(tim.credentials());  // a server that ignores the name on the AUTH line
  CHECK(said(twice) == "tim");
  CHECK(said(twice, "User Name") == "tim");
  CHECK(said(twice, "Username:") == "tanstaaftanstaaf");

  Exchange external = start_external(tim.credentials());
  CHECK(said(external) == "tim");
}

TEST_CASE("CRAM-MD5, the example of RFC 2195") {
  const Person tim("tim", "tanstaaftanstaaf");
  Exchange exchange = start_cram_md5(tim.credentials());
  CHECK(said(exchange, "<1896.697170952@postoffice.reston.mci.net>") ==
        "tim b913a602c7eda7a495b4e6e7334d3890");
  Exchange empty = start_cram_md5(tim.credentials());
  CHECK(empty.answer("").problem != "");
}

TEST_CASE("OAUTHBEARER, the example of RFC 7628") {
  Person user("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  user.endpoint.host = "server.example.com";
  user.endpoint.port = 143;
  Exchange exchange = start_oauthbearer(user.credentials());
  CHECK(said(exchange) ==
        "n,a=user@example.com,\1host=server.example.com\1port=143\1"
        "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1");
  const Answer last = exchange.answer(
      R"({"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com"})");
  CHECK(last.bytes.reveal() == "\1");
  CHECK(last.refusal ==
        "openid-configuration https://example.com, scope example_scope, status invalid_token");
  CHECK(exchange.answer("").problem != "");
}

TEST_CASE("XOAUTH2: reasons of any kind end the exchange with an empty answer") {
  for (const auto& [challenge, told] :
       {std::pair<std::string, std::string>{R"({"status":"401"})", "status 401"},
        {R"({"status":401,"final":true,"x":{"y":1},"z":[2],"none":null})", "final true, status 401"},
        {R"({"status":"401","x":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}", "status 401"},
        {"no JSON", "no JSON"},
        {"{}", "{}"},
        {"", "no reason given"}}) {
    const Person user("anna", "token");
    Exchange exchange = start_xoauth2(user.credentials());
    CHECK(said(exchange) == "user=anna\1auth=Bearer token\1\1");
    const Answer last = exchange.answer(challenge);
    CHECK(last.bytes.empty());
    CHECK(last.refusal == told);
  }
}

struct ScramExample {
  Digest digest;
  std::string nonce, first, challenge, last, proof;
};

/// From RFC 5802 section 5 and RFC 7677 section 3.
const ScramExample examples[] = {
    {Digest::sha1, "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {Digest::sha256, "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

TEST_CASE("SCRAM, the examples of RFC 5802 and RFC 7677") {
  const Person user("user", "pencil");
  for (const ScramExample& example : examples) {
    Exchange exchange = start_scram(user.credentials(), example.digest, example.nonce);
    CHECK(said(exchange) == example.first);
    CHECK(said(exchange, example.challenge) == example.last);
    CHECK(exchange.doubt() != "");  // the server has not proved yet that it knows the password
    CHECK(said(exchange, example.proof) == "");
    CHECK(exchange.doubt() == "");
    CHECK(exchange.answer("").problem != "");
  }
}

TEST_CASE("SCRAM believes no server that does not know the password") {
  const Person user("user", "pencil");
  const ScramExample& example = examples[1];
  for (const std::string& proof :
       {std::string("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), std::string("v="), std::string(),
        std::string("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9"), example.proof + "x"}) {
    CAPTURE(proof);
    Exchange exchange = start_scram(user.credentials(), example.digest, example.nonce);
    said(exchange);
    said(exchange, example.challenge);
    CHECK(exchange.answer(proof).problem.find("does not know the password") != std::string::npos);
    CHECK(exchange.doubt() != "");
  }
  Exchange refused = start_scram(user.credentials(), example.digest, example.nonce);
  said(refused);
  said(refused, example.challenge);
  CHECK(refused.answer("e=invalid-proof").refusal == "invalid-proof");
}

TEST_CASE("SCRAM does not answer a challenge that is malformed, weak, or costs endless work") {
  const Person user("user", "pencil");
  const std::string nonce = "r=rOprNGfwEbeRWgbNEkqO%x", salt = ",s=W22ZaJ0SNY7soEsUEjb6gQ==";
  for (const std::string& challenge :
       {std::string(), std::string("r="), nonce, nonce + salt, nonce + salt + ",i=", nonce + salt + ",i=-1",
        nonce + salt + ",i=0", nonce + salt + ",i=1", nonce + salt + ",i=4095", nonce + salt + ",i=2000001",
        nonce + salt + ",i=99999999999999999999", nonce + ",s=,i=4096", nonce + ",s=!!!!,i=4096",
        std::string("r=rOprNGfwEbeRWgbNEkqO") + salt + ",i=4096",  // the server adds nothing to the nonce
        std::string("r=somebody-else's") + salt + ",i=4096", "m=ext," + nonce + salt + ",i=4096"}) {
    CAPTURE(challenge);
    Exchange exchange = start_scram(user.credentials(), Digest::sha256, "rOprNGfwEbeRWgbNEkqO");
    said(exchange);
    const Answer answer = exchange.answer(challenge);
    CHECK(answer.problem != "");
    CHECK(answer.bytes.empty());
    CHECK_FALSE(answer.secret);
  }
}

TEST_CASE("SCRAM escapes names, and no nonce comes twice") {
  const Person user("a=b,c", "pencil");
  Exchange one = start_scram_sha_1(user.credentials()), other = start_scram_sha_1(user.credentials());
  const std::string first = said(one);
  CHECK(first.starts_with("n,,n=a=3Db=2Cc,r="));
  CHECK(first != said(other));
}

TEST_CASE("every mechanism of the table answers its first challenge") {
  const Person user("anna", "secret");
  for (const Auth auth : {Auth::plain, Auth::login, Auth::cram_md5, Auth::scram_sha_1, Auth::scram_sha_256,
                          Auth::external, Auth::xoauth2, Auth::oauthbearer}) {
    const Mechanism* const mechanism = mechanism_of(auth);
    REQUIRE(mechanism != nullptr);
    Exchange exchange = mechanism->start(user.credentials());
    CHECK(said(exchange, mechanism->client_first ? "" : "challenge") != "");
  }
  for (const Auth auth : {Auth::automatic, Auth::user, Auth::apop, Auth::ntlm, Auth::gssapi})
    CHECK(mechanism_of(auth) == nullptr);
}

}  // namespace
