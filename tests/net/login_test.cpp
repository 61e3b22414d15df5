// SPDX-License-Identifier: MIT
#include "fixture.h"
#include "util/base64.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::util::base64_encode;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

const std::string raw_login_accepted = "C: USER anna\nS: +OK\nC: PASS Correct-Horse7\nS: +OK in\n";

TEST_CASE("auto logs in with PLAIN in one step and returns the capabilities and the login method") {
  ScriptedServer server(transcript(greeting_and_capa({"SASL PLAIN LOGIN", "pipelining"}) + "C: AUTH PLAIN " +
                                   plain_credentials() + "\nS: +OK in\n"));
  Session session(server);
  const auto opened = session.open();
  CHECK(opened.login_method == "plain");
  CHECK(opened.capabilities == Strings{"SASL PLAIN LOGIN", "PIPELINING"});
  server.wait_until_quiet();
  CHECK(server.mismatches().empty());
  CHECK(session.traced("< +OK ready"));
  CHECK(session.traced("> AUTH PLAIN ***"));
}

TEST_CASE("each mechanism logs in according to its specification") {
  struct Row {
    Auth auth;
    std::string capability, conversation;
  };
  const std::string bearer = "user=anna\1auth=Bearer " + password + "\1\1";
  const std::vector<Row> rows = {
      {Auth::user, "TOP", raw_login_accepted},
      {Auth::plain, "SASL PLAIN", "C: AUTH PLAIN " + plain_credentials() + "\nS: +OK\n"},
      {Auth::login, "SASL LOGIN",
       "C: AUTH LOGIN " + base64_encode("anna") + "\nS: + UGFzc3dvcmQ6\nC: " + base64_encode(password) +
           "\nS: +OK\n"},
      {Auth::cram_md5, "SASL CRAM-MD5", "C: AUTH CRAM-MD5\nS: + PDEuMkBob3N0Pg==\nC: YW5uYS*\nS: +OK\n"},
      {Auth::xoauth2, "SASL XOAUTH2 OAUTHBEARER", "C: AUTH XOAUTH2 " + base64_encode(bearer) + "\nS: +OK\n"},
      {Auth::oauthbearer, "SASL XOAUTH2 OAUTHBEARER", "C: AUTH OAUTHBEARER *\nS: +OK\n"},
      {Auth::external, "SASL EXTERNAL", "C: AUTH EXTERNAL " + base64_encode("anna") + "\nS: +OK\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.capability);
    ScriptedServer server(transcript(greeting_and_capa({row.capability}) + row.conversation));
    Session session(server);
    session.login.auth = row.auth;
    if (row.auth == Auth::external) session.login.secret = {};
    CHECK_NOTHROW(session.open());
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
  }
}

TEST_CASE("APOP answers a timestamp with its digest") {
  // The example of RFC 1939.
  ScriptedServer server(
      transcript("S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: -ERR\n"
                 "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK\n"));
  Session session(server);
  session.login.auth = Auth::apop;
  session.login.user = "mrose";
  session.login.secret = mailhaul::util::Secret("tanstaaf");
  CHECK(session.open().login_method == "apop");
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});
  CHECK(session.traced("> APOP mrose ***"));
}

TEST_CASE("a forged APOP timestamp gets no digest") {
  ScriptedServer server(transcript("S: +OK <1\x80@host>\nHANG\n"));
  Session session(server);
  session.login.auth = Auth::apop;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::protocol);
  CHECK(contains(error.what(), "timestamp"));
  server.wait_until_quiet();
  CHECK(server.received() == Strings{});
}

TEST_CASE("APOP without a timestamp is an error, and nothing is sent") {
  ScriptedServer server(transcript("S: +OK hi\nHANG\n"));
  Session session(server);
  session.login.auth = Auth::apop;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.what(), "offers no APOP"));
  CHECK(server.received() == Strings{});
}

TEST_CASE("a mechanism that was named is tried where it is not listed, its name before the credentials") {
  ScriptedServer server(transcript(greeting_and_capa({"SASL GSSAPI LOGIN"}) +
                                   "C: AUTH PLAIN\nS: + \nC: " + plain_credentials() + "\nS: +OK\n"));
  Session session(server);
  session.login.auth = Auth::plain;
  CHECK(session.open().login_method == "plain-in-steps");
  server.wait_until_quiet();
  CHECK(server.connections() == 1);
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("a mechanism that is not offered is an error that lists those offered") {
  ScriptedServer server(transcript(greeting_and_capa({"SASL GSSAPI LOGIN"}) +
                                   "C: AUTH PLAIN\nS: -ERR unknown mechanism\nHANG\n"));
  Session session(server);
  session.login.auth = Auth::plain;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.what(), "does not offer auth \"plain\": unknown mechanism"));
  CHECK(contains(error.hint(), "gssapi login"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that hangs up at a name on the AUTH line gets it in two steps in the same run") {
  const std::string capa = greeting_and_capa({"SASL LOGIN"});
  for (const std::string end : {"", "S: what\nHANG\n"}) {
    const auto first = transcript(capa + "C: AUTH LOGIN *\n" + end);
    const auto second = transcript(capa + "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: " + base64_encode("anna") +
                                   "\nS: + UGFzc3dvcmQ6\nC: " + base64_encode(password) + "\nS: +OK\n");
    ScriptedServer server([&](Client& client) { client.number() == 1 ? first(client) : second(client); });
    Session session(server);
    session.login.auth = Auth::login;
    CHECK(session.open().login_method == "login-in-steps");
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
  }
}

TEST_CASE("a server that does not have USER refuses no name and no password") {
  for (const std::string words : {"unknown command", "Command is not valid in this state."}) {
    for (const Auth auth : {Auth::user, Auth::automatic}) {
      ScriptedServer server(
          transcript(greeting_and_capa({"TOP"}) + "C: USER anna\nS: -ERR " + words + "\nHANG\n"));
      Session session(server);
      session.login.auth = auth;
      const auto error = session.refused();
      CHECK(error.kind() == Kind::unavailable);
      CHECK(contains(error.what(), words));
      CHECK(contains(error.hint(), "refuses USER: ask its administrator"));
      CHECK(server.connections() == 1);
    }
  }
}

TEST_CASE("auto never chooses APOP") {
  ScriptedServer server(
      transcript("S: +OK <1.2@host>\nC: CAPA\nS: +OK\nS: USER\nS: .\n" + raw_login_accepted));
  Session session(server);
  session.remembered = "user";
  CHECK(session.open().login_method == "user");
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("without a common SASL mechanism, USER and PASS are sent on the same connection") {
  struct Row {
    std::string name, capa;
  };
  const std::vector<Row> rows = {
      {"neither USER nor SASL", "S: +OK\nS: TOP\nS: .\n"},
      {"no CAPA at all", "S: -ERR what?\n"},
      {"+ERR", "S: +ERR what?\n"},
      {"GSSAPI only", "S: +OK\nS: SASL GSSAPI\nS: .\n"},
      {"lower case", "S: +OK\nS: user\nS: .\n"},
      {"a line with a dot", "S: +OK\nS: ..user\nS: TOP\nS: .\n"},
      {"a line of 60 KB", "S: +OK\nS: X " + std::string(60'000, 'x') + "\nS: .\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ScriptedServer server(transcript("S: +OK <1.2@host>\nC: CAPA\n" + row.capa + raw_login_accepted));
    Session session(server);
    CHECK(session.open().login_method == "user");
    server.wait_until_quiet();
    CHECK(server.connections() == 1);
    CHECK(server.mismatches() == Strings{});
  }
}

TEST_CASE("a user with a domain does not lead libcurl to GSSAPI") {
  ScriptedServer server(
      transcript(greeting_and_capa({"SASL NTLM GSSAPI PLAIN"}) + "C: AUTH PLAIN *\nS: +OK\n"));
  Session session(server);
  session.login.user = "anna@example.it";
  CHECK(session.open().login_method == "plain");
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("the remembered method costs one connection") {
  ScriptedServer server(transcript(greeting_and_capa({"TOP"}) + raw_login_accepted));
  Session session(server);
  session.remembered = "user";
  CHECK(session.open().login_method == "user");
  server.wait_until_quiet();
  CHECK(server.connections() == 1);
}

TEST_CASE("when the remembered method no longer works, the others are tried") {
  for (const std::string end : {"S: -ERR unknown command\nHANG\n", ""}) {
    CAPTURE(end);
    const auto no_user = transcript(greeting_and_capa({"SASL PLAIN"}) + "C: USER *\n" + end);
    const auto plain = transcript(greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\nS: +OK\n");
    ScriptedServer server([&](Client& client) { client.number() == 1 ? no_user(client) : plain(client); });
    Session session(server);
    session.remembered = "user";
    CHECK(session.open().login_method == "plain");
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
  }
}

TEST_CASE("credentials refused on the AUTH line are sent in two steps on a new connection") {
  const std::string capa = greeting_and_capa({"SASL PLAIN XOAUTH2"});
  for (const std::string refusal :
       {"S: -ERR Protocol error. Connection is closed. 10\n", "S: -ERR Syntax error\nHANG\n"}) {
    CAPTURE(refusal);
    const auto first = transcript(capa + "C: AUTH PLAIN *\n" + refusal);
    const auto second = transcript(capa + "C: AUTH PLAIN\nS: + \nC: " + plain_credentials() + "\nS: +OK\n");
    ScriptedServer server([&](Client& client) { client.number() == 1 ? first(client) : second(client); });
    Session session(server);
    CHECK(session.open().login_method == "plain-in-steps");
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
    CHECK(server.connections() == 2);
  }
}

/// What happened at a server that refuses SCRAM at its first message and CRAM-MD5 at its last, and accepts
/// PLAIN: the first command of each connection, with "*" for its argument, and the error of the login, if
/// any.
struct Logins {
  Strings commands;
  std::optional<mailhaul::util::Error> error;
};

Logins logins_where_scram_is_refused(const std::string& mechanisms, const std::string& words) {
  Logins logins;
  ScriptedServer server([&](Client& client) {
    transcript(greeting_and_capa({"SASL " + mechanisms}))(client);
    const std::string command = client.hear();
    const auto argument = command.find(' ', std::string_view("AUTH ").size());
    logins.commands.push_back(command.substr(0, argument) + (argument == std::string::npos ? "" : " *"));
    if (command == "AUTH CRAM-MD5") {
      client.say("+ " + base64_encode("<1@host>"));
      client.hear();
    }
    client.say(command.starts_with("AUTH PLAIN ") ? "+OK" : "-ERR " + words);
    client.wait_until_gone();
  });
  Session session(server);
  try {
    session.open();
  } catch (const mailhaul::util::Error& error) {
    logins.error = error;
  }
  server.wait_until_quiet();
  return logins;
}

TEST_CASE("SCRAM refused before it used the password is followed by the next mechanism") {
  for (const std::string words : {"[AUTH] Authentication failed.", "authentication failed", "no"}) {
    CAPTURE(words);
    const auto plain = logins_where_scram_is_refused("SCRAM-SHA-256 SCRAM-SHA-1 PLAIN", words);
    CHECK_FALSE(plain.error);
    CHECK(plain.commands == Strings{"AUTH SCRAM-SHA-256 *", "AUTH SCRAM-SHA-1 *", "AUTH PLAIN *"});
    // CRAM-MD5 has used the password, so no other mechanism may follow.
    const auto cram = logins_where_scram_is_refused("SCRAM-SHA-256 CRAM-MD5 PLAIN", words);
    REQUIRE(cram.error);
    CHECK(cram.error->kind() == Kind::login);
    CHECK(contains(cram.error->what(), words));
    CHECK(cram.commands == Strings{"AUTH SCRAM-SHA-256 *", "AUTH CRAM-MD5"});
  }
}

TEST_CASE("SCRAM refused for another reason than the login is not followed by a password in clear") {
  struct Row {
    std::string words;
    Kind kind;
  };
  for (const Row& row : {Row{"[SYS/TEMP] later", Kind::temporary},
                         {"temporary failure, try again later", Kind::temporary},
                         {"[IN-USE] locked", Kind::temporary},
                         {"[SYS/PERM] moved", Kind::unavailable}}) {
    CAPTURE(row.words);
    const auto logins = logins_where_scram_is_refused("SCRAM-SHA-256 PLAIN", row.words);
    REQUIRE(logins.error);
    CHECK(logins.error->kind() == row.kind);
    CHECK(logins.commands == Strings{"AUTH SCRAM-SHA-256 *"});
  }
}

TEST_CASE("SCRAM refused because of its form is tried in two steps") {
  for (const std::string words : {"Protocol error. 14", "Syntax error: initial response not supported"}) {
    CAPTURE(words);
    const auto logins = logins_where_scram_is_refused("SCRAM-SHA-256 PLAIN", words);
    REQUIRE(logins.commands.size() >= 2);
    CHECK(logins.commands[0] == "AUTH SCRAM-SHA-256 *");
    CHECK(logins.commands[1] == "AUTH SCRAM-SHA-256");
  }
}

}  // namespace
