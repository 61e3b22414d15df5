// SPDX-License-Identifier: MIT
#include "net/advice.h"

#include "fixture.h"

namespace {

using namespace mailhaul;
using namespace mailhaul::test;
using util::Kind;

net::Advice three_hints(const net::Endpoint& /*endpoint*/, const net::Login& /*login*/) {
  return {.refused = "REFUSED", .mechanism = "MECHANISM", .server = "SERVER"};
}

net::Advice nothing(const net::Endpoint& /*endpoint*/, const net::Login& /*login*/) { return {}; }

/// The error of a login at a server that follows the script.
util::Error end_of(const std::string& script, net::Auth auth = net::Auth::automatic,
                   net::Advisor advise = three_hints) {
  ScriptedServer server(transcript(script));
  Session session(server);
  session.login.auth = auth;
  session.advise = advise;
  return session.refused();
}

const std::string by_plain = greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\n";

TEST_CASE("a provider's hint takes the place of the general one, and belongs to what went wrong") {
  CHECK(end_of(by_plain + "S: -ERR [AUTH] wrong\nHANG\n").hint() == "REFUSED");
  const std::string hung_up = end_of(by_plain).hint();
  CHECK(contains(hung_up, "often this means a wrong password"));
  CHECK(contains(hung_up, "; REFUSED"));
  CHECK(end_of(greeting_and_capa({"USER"}) + "C: USER anna\n", net::Auth::user).hint() ==
        "often this means an unknown user, or that POP3 is switched off for this mailbox: check both before "
        "the "
        "next run; REFUSED");
  CHECK(end_of(greeting_and_capa({"SASL CRAM-MD5"}) + "C: AUTH CRAM-MD5\nS: -ERR unknown\nHANG\n",
               net::Auth::cram_md5)
            .hint() == "MECHANISM");
  CHECK(end_of("S: * OK IMAP4rev1 ready\nHANG\n").hint() == "SERVER");
  CHECK(end_of("").hint() == "SERVER");
}

TEST_CASE("what the server offers stays beside the provider's hint") {
  const std::string refused = greeting_and_capa({"SASL PLAIN"}) + "C: AUTH CRAM-MD5\nS: -ERR unknown\nHANG\n";
  CHECK(end_of(refused, net::Auth::cram_md5).hint() == "it offers: plain; MECHANISM");
  CHECK(end_of(refused, net::Auth::cram_md5, nothing).hint() == "it offers: plain");
}

TEST_CASE("what is known of an untrusted certificate stays before the provider's hint") {
  const auto certificate = Authority().issue({.names = {"pop.gmail.com"}});
  ScriptedServer server(transcript("HANG\n"), {.tls = true, .certificate = certificate});
  Session session(server, net::Tls::implicit);
  session.advise = three_hints;
  const std::string hint = session.refused().hint();
  for (const auto& part : {std::string("pop.gmail.com"), std::string("issued by"), std::string("valid from"),
                           certificate.pin, std::string("tls_ca_file")})
    CHECK_MESSAGE(contains(hint, part), hint);
  CHECK_MESSAGE(hint.ends_with("; SERVER"), hint);
}

TEST_CASE("the sentence and the kind stay as they are") {
  const auto with = end_of(by_plain + "S: -ERR [AUTH] wrong\nHANG\n");
  CHECK(with.kind() == Kind::login);
  CHECK(contains(with.what(), "[AUTH] wrong"));
}

TEST_CASE("a lock, a limit and trouble at the server keep their own hints") {
  for (const std::string words : {"[IN-USE] busy", "[LOGIN-DELAY] wait 5 minutes", "[SYS/TEMP] disk"})
    CHECK(end_of(by_plain + "S: -ERR " + words + "\nHANG\n").hint() ==
          end_of(by_plain + "S: -ERR " + words + "\nHANG\n", net::Auth::automatic, nullptr).hint());
}

TEST_CASE("without a provider's hint the general one is given") {
  CHECK(contains(end_of(by_plain + "S: -ERR [AUTH] wrong\nHANG\n", net::Auth::automatic, nothing).hint(),
                 "check user name and password"));
}

TEST_CASE("what is often wrong where a server hangs up depends on what it was given") {
  struct Row {
    net::Auth auth;
    std::string command, fault;
  };
  const std::vector<Row> rows = {
      {net::Auth::plain, "AUTH PLAIN *", "a wrong password"},
      {net::Auth::xoauth2, "AUTH XOAUTH2 *", "a token that is not for this mailbox"},
      {net::Auth::oauthbearer, "AUTH OAUTHBEARER *", "a token that is not for this mailbox"},
      {net::Auth::external, "AUTH EXTERNAL *", "a certificate that is not accepted"},
      {net::Auth::user, "USER anna", "an unknown user"}};
  const auto begin = greeting_and_capa({"SASL PLAIN XOAUTH2 OAUTHBEARER EXTERNAL", "USER"});
  for (const Row& row : rows) {
    CAPTURE(row.command);
    const auto error = end_of(begin + "C: " + row.command + "\n", row.auth, nullptr);
    CHECK(contains(error.what(), "closed the connection when it was given the "));
    CHECK(contains(error.hint(), "often this means " + row.fault + ", or that POP3 is switched off"));
  }
}

}  // namespace
