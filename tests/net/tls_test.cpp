// SPDX-License-Identifier: MIT
#include "fixture.h"
#include "support/cpp/temp_dir.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::net::Tls;
using mailhaul::util::Kind;
using namespace std::string_literals;
using Strings = std::vector<std::string>;

const std::string login_accepted = "C: AUTH PLAIN *\nS: +OK in\n";

Script session_script() { return transcript(greeting_and_capa({"SASL PLAIN"}) + login_accepted); }

Script stls_script() {
  return transcript(greeting_and_capa({"STLS", "PIPELINING"}) + "C: STLS\nS: +OK\nTLS\nC: CAPA\nS: +OK\n" +
                    "S: SASL PLAIN\nS: .\n" + login_accepted);
}

struct TlsSession : TrustingSession {
  explicit TlsSession(const ScriptedServer& server, Tls tls = Tls::implicit) : TrustingSession(server, tls) {}
};

ScriptedServer::Options tls_with(const Certificate& certificate) {
  return {.tls = true, .certificate = certificate};
}

TEST_CASE("a session over TLS from the first byte") {
  ScriptedServer server(session_script(), tls_with(authority().issue()));
  TlsSession session(server);
  CHECK(session.open().capabilities == Strings{"SASL PLAIN"});
  session.endpoint.min_version = mailhaul::net::TlsVersion::v1_3;
  CHECK_NOTHROW(session.open());
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("a session over STLS forgets what was announced before it") {
  ScriptedServer server(stls_script(), {.certificate = authority().issue()});
  TlsSession session(server, Tls::starttls);
  const auto opened = session.open();
  CHECK(opened.capabilities == Strings{"SASL PLAIN"});
  server.wait_until_quiet();
  CHECK(server.received() == Strings{"CAPA", "STLS", "CAPA", "AUTH PLAIN " + plain_credentials()});
}

TEST_CASE("USER and PASS go out over STLS only after the switch") {
  ScriptedServer server(transcript(greeting_and_capa({"STLS"}) + "C: STLS\nS: +OK\nTLS\nC: CAPA\nS: -ERR\n" +
                                   "C: USER anna\nS: +OK\nC: PASS *\nS: +OK\n"),
                        {.certificate = authority().issue()});
  TlsSession session(server, Tls::starttls);
  session.login.auth = Auth::user;
  CHECK(session.open().capabilities.empty());
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("where TLS is required but missing, no user name and no password leave the machine") {
  struct Row {
    std::string name, conversation;
    std::string part;
  };
  const std::vector<Row> rows = {
      {"stripped", greeting_and_capa({"SASL PLAIN", "USER"}) + "HANG\n", "offers no TLS"},
      {"no CAPA", "S: +OK hi\nC: CAPA\nS: -ERR what\nHANG\n", "offers no TLS"},
      {"refused", greeting_and_capa({"STLS"}) + "C: STLS\nS: -ERR not today\nHANG\n", "not today"},
  };
  for (const Row& row : rows) {
    for (const Auth auth : {Auth::automatic, Auth::user}) {
      CAPTURE(row.name);
      ScriptedServer server(transcript(row.conversation));
      Session session(server, Tls::starttls);
      session.login.auth = auth;
      const auto error = session.refused();
      CHECK(error.kind() == Kind::unavailable);
      CHECK(contains(error.what(), row.part));
      CHECK(contains(error.hint(), "\"tls\": \"none\""));
      server.wait_until_quiet();
      for (const std::string& line : server.received()) CHECK((line == "CAPA" || line == "STLS"));
    }
  }
}

TEST_CASE("clear text after the answer to STLS is not taken for the server's") {
  for (const Auth auth : {Auth::automatic, Auth::user}) {
    ScriptedServer server([](Client& client) {
      transcript(greeting_and_capa({"STLS"}) + "C: STLS\n")(client);
      client.send("+OK\r\n+OK injected\r\n");
      client.wait_until_gone();
    });
    Session session(server, Tls::starttls);
    session.login.auth = auth;
    const auto error = session.refused();
    CHECK(error.kind() == Kind::protocol);
    CHECK(contains(error.what(), "clear text after"));
    server.wait_until_quiet();
    CHECK(server.received() == Strings{"CAPA", "STLS"});
  }
}

TEST_CASE("an untrusted certificate ends the session before the login, and the error says what to do") {
  struct Row {
    std::string name;
    Certificate certificate;
    std::string hint;
  };
  const std::vector<Row> rows = {
      {"self-signed", self_signed(), "tls_ca_file"},
      {"other authority", Authority().issue(), "tls_ca_file"},
      {"expired", authority().issue({.from_day = -9, .until_day = -2}), "renew"},
      {"self-signed", self_signed({.from_day = -9, .until_day = -2}), "renew"},
      {"self-signed", self_signed({.from_day = 2, .until_day = 9}), "this machine's clock is wrong"},
      {"not yet valid", authority().issue({.from_day = 2}), "clock"},
      {"wrong host", authority().issue({.names = {"mail.example.org"}}), "tls_server_name"},
      {"wrong host", authority().issue({.names = {"mail.example.org"}}), "DNS:mail.example.org"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ScriptedServer server(session_script(), tls_with(row.certificate));
    TlsSession session(server);
    const auto error = session.refused();
    CHECK(error.kind() == Kind::unavailable);
    CHECK(contains(error.what(), "is not trusted"));
    CAPTURE(error.hint());
    CHECK(contains(error.hint(), row.hint));
    server.wait_until_quiet();
    for (const std::string& line : server.received()) CHECK(line == "CAPA");
  }
}

TEST_CASE("an expired certificate is reported with its date, also over STLS") {
  const auto expired = authority().issue({.from_day = -20'000, .until_day = -10'000});
  ScriptedServer server(stls_script(), {.certificate = expired});
  TlsSession session(server, Tls::starttls);
  const auto error = session.refused();
  CHECK(contains(error.hint(), "GMT"));
  for (const std::string& line : server.received()) CHECK((line == "CAPA" || line == "STLS"));
}

TEST_CASE("an untrusted certificate is described, and the error says how to trust it alone") {
  struct Row {
    Certificate certificate;
    std::string issuer;
    bool incomplete;
  };
  const std::vector<Row> rows = {{Authority().issue(), "issued by CN", true},
                                 {self_signed(), "issued by itself", false}};
  for (const Row& row : rows) {
    ScriptedServer server(stls_script(), {.certificate = row.certificate});
    TlsSession session(server, Tls::starttls);
    const auto hint = session.refused().hint();
    CAPTURE(hint);
    CHECK(contains(hint, "it is for CN"));
    CHECK(contains(hint, row.issuer));
    CHECK(contains(hint, "GMT until "));
    CHECK(contains(hint, "its key is " + row.certificate.pin + ";"));
    CHECK(contains(hint, "chain is incomplete") == row.incomplete);
    CHECK(contains(hint, "openssl s_client -connect 127.0.0.1:" + std::to_string(server.port()) +
                             " -starttls pop3 -servername 127.0.0.1 </dev/null"));
    spill(session.directory / "own.pem", row.certificate.pem);
    session.endpoint.ca_file = session.directory / "own.pem";
    CHECK_NOTHROW(session.open());
  }
}

TEST_CASE("an expired certificate is described, and nothing is proposed that would not make it valid") {
  for (const auto tls : {Tls::implicit, Tls::starttls}) {
    const auto expired = authority().issue({.from_day = -9, .until_day = -2});
    ScriptedServer server(tls == Tls::implicit ? session_script() : stls_script(),
                          {.tls = tls == Tls::implicit, .certificate = expired});
    TlsSession session(server, tls);
    const auto hint = session.refused().hint();
    CAPTURE(hint);
    for (const std::string& part :
         {"it is for CN"s, "DNS:localhost"s, "issued by CN"s, "valid from "s, "GMT until "s,
          "its key is " + expired.pin, "renew it"s, "no setting makes mailhaul trust it"s})
      CHECK(contains(hint, part));
    CHECK_FALSE(contains(hint, "openssl"));
    session.endpoint.pins = {expired.pin};  // no setting helps, as the hint says
    CHECK(contains(session.refused().what(), "expired"));
    spill(session.directory / "own.pem", expired.pem);
    session.endpoint.ca_file = session.directory / "own.pem";
    CHECK(session.refused().kind() == Kind::unavailable);
  }
}

TEST_CASE("a certificate for another name is described, and a name and a pin trust it alone") {
  const auto named = authority().issue({.names = {"mail.example.org"}});
  const auto other = authority().issue({.names = {"mail.example.org"}});
  ScriptedServer server(session_script(), tls_with(named)), elsewhere(session_script(), tls_with(other));
  TlsSession session(server), replaced(elsewhere);
  const auto hint = session.refused().hint();
  CAPTURE(hint);
  for (const std::string& part : {"it is for CN"s, "DNS:mail.example.org"s, "issued by CN"s, "GMT until "s,
                                  "its key is " + named.pin + ";", "\"tls_server_name\""s, "\"tls_pin\""s})
    CHECK(contains(hint, part));
  for (auto* each : {&session, &replaced}) {
    each->endpoint.server_name = "mail.example.org";
    each->endpoint.pins = {named.pin};
  }
  CHECK_NOTHROW(session.open());
  CHECK(replaced.refused().kind() == Kind::unavailable);
}

TEST_CASE("a certificate that is neither trusted nor for this name says both") {
  const auto own = self_signed({.names = {"mail.example.org"}});
  ScriptedServer server(session_script(), tls_with(own));
  TlsSession session(server);
  const auto hint = session.refused().hint();
  CAPTURE(hint);
  CHECK(contains(
      hint, "the certificate is not for 127.0.0.1, so also put one of its names into \"tls_server_name\""));
  spill(session.directory / "own.pem", own.pem);
  session.endpoint.ca_file = session.directory / "own.pem";
  session.endpoint.server_name = "mail.example.org";
  CHECK_NOTHROW(session.open());
}

TEST_CASE("a self-signed certificate may be trusted by name") {
  const auto own = self_signed();
  ScriptedServer server(session_script(), tls_with(own));
  TlsSession session(server);
  spill(session.directory / "own.pem", own.pem);
  session.endpoint.ca_file = session.directory / "own.pem";
  CHECK_NOTHROW(session.open());
}

TEST_CASE("another name may be expected in the certificate") {
  ScriptedServer server(session_script(), tls_with(authority().issue({.names = {"mail.example.org"}})));
  TlsSession session(server);
  session.endpoint.server_name = "mail.example.org";
  CHECK_NOTHROW(session.open());
  session.endpoint.server_name = "other.example.org";
  CHECK(session.refused().kind() == Kind::unavailable);
}

TEST_CASE("a pin is checked in addition to the certificate") {
  const auto certificate = authority().issue();
  const auto other = authority().issue();
  ScriptedServer server(session_script(), tls_with(certificate));
  TlsSession session(server);
  session.endpoint.pins = {other.pin, certificate.pin};
  CHECK_NOTHROW(session.open());
  session.endpoint.pins = {other.pin};
  const auto error = session.refused();
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.what(), "matches none of the pinned keys"));
  CHECK(contains(error.hint(), "tls_pin"));

  const auto own = self_signed();
  ScriptedServer unknown(session_script(), tls_with(own));
  TlsSession pinned(unknown);
  pinned.endpoint.pins = {own.pin};
  CHECK(contains(pinned.refused().what(), "is not trusted"));
}

TEST_CASE("TLS with a server that speaks plain POP3") {
  ScriptedServer server(transcript("S: +OK hi\nHANG\n"));
  TlsSession session(server);
  const auto error = session.refused();
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.hint(), "pop3://"));
}

TEST_CASE("a client certificate is sent to a server that requests one") {
  const auto mine = authority().issue({.names = {"anna"}});
  ScriptedServer server(session_script(),
                        {.tls = true, .certificate = authority().issue(), .client_ca = authority().pem()});
  TlsSession session(server);
  const auto without = session.refused();
  CAPTURE(std::string(without.what()));
  CHECK(without.kind() == Kind::unavailable);
  CHECK(contains(without.hint(), "tls_client_cert"));
  spill(session.directory / "anna.pem", mine.pem);
  spill(session.directory / "anna.key", mine.key);
  std::filesystem::permissions(session.directory / "anna.key", std::filesystem::perms(0600));
  session.endpoint.client_cert = session.directory / "anna.pem";
  session.endpoint.client_key = session.directory / "anna.key";
  CHECK_NOTHROW(session.open());
}

TEST_CASE("that a client certificate is wanted is told after STLS as well") {
  ScriptedServer server(stls_script(), {.certificate = authority().issue(), .client_ca = authority().pem()});
  TlsSession session(server, Tls::starttls);
  const auto error = session.refused();
  CAPTURE(std::string(error.what()));
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.what(), "alert"));
  CHECK(contains(error.hint(), "tls_client_cert"));
}

TEST_CASE("unusable files are configuration errors") {
  const auto mine = authority().issue({.names = {"anna"}});
  ScriptedServer server(session_script(), tls_with(authority().issue()));
  TlsSession session(server);
  const auto file = [&](const std::string& name, const std::string& bytes, unsigned mode) {
    spill(session.directory / name, bytes);
    std::filesystem::permissions(session.directory / name, std::filesystem::perms(mode));
    return (session.directory / name).string();
  };
  const std::string certificate = file("anna.pem", mine.pem, 0644);
  struct Row {
    std::string ca, certificate, key, part;
  };
  const std::string ca = session.endpoint.ca_file;
  const std::vector<Row> rows = {
      {session.directory / "none.pem", "", "", "none.pem"},
      {file("junk.pem", "no certificate", 0644), "", "", "junk.pem"},
      {ca, session.directory / "none.pem", "", "none.pem"},
      {ca, certificate, session.directory / "none.key", "none.key"},
      {ca, certificate, file("open.key", mine.key, 0640), "others may read it"},
      {ca, certificate, "", "others may read it"},
      {ca, certificate, file("junk.key", "no key", 0600), "client certificate"},
      {ca, certificate, file("other.key", authority().issue().key, 0600), "client certificate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.part);
    session.endpoint.ca_file = row.ca;
    session.endpoint.client_cert = row.certificate;
    session.endpoint.client_key = row.key;
    const auto error = session.refused();
    CHECK(error.kind() == Kind::config);
    CAPTURE(error.what());
    CHECK(contains(error.what(), row.part));
  }
  CHECK(server.received() == Strings{});
}

}  // namespace
