// SPDX-License-Identifier: MIT
// XOAUTH2 and OAUTHBEARER: why a server refuses a token.
#include "fixture.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::util::base64_encode;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

const std::string reasons = R"({"status":"401","schemes":"bearer"})";
const std::string told = "schemes bearer, status 401";

/// A token that fits on the AUTH line, and one that does not.
const Strings tokens = {"ya29.short", "ya29." + std::string(2000, 'x')};

/// Takes the token on the AUTH line or after it, answers with the reasons, and goes on with the script.
Script refuses_token(const Script& then) {
  return [then](Client& client) {
    transcript(greeting_and_capa({"SASL PLAIN XOAUTH2"}))(client);
    if (client.hear("AUTH XOAUTH2") == "AUTH XOAUTH2") {
      client.say("+ ");
      client.hear();
    }
    client.say("+ " + base64_encode(reasons));
    then(client);
  };
}

struct TokenSession : Session {
  TokenSession(const ScriptedServer& server, const std::string& token) : Session(server) {
    login.auth = Auth::xoauth2;
    login.secret = mailhaul::util::Secret(token);
  }
};

TEST_CASE("the reasons for refusing a token get an empty answer, and the words that follow are reported") {
  struct Row {
    std::string words;
    Kind kind;
  };
  const std::vector<Row> rows = {
      {"[AUTH] Username and password not accepted.", Kind::login},
      {"POP3 is not enabled for this mailbox", Kind::login},
      {"[SYS/TEMP] later", Kind::temporary},
      {"Request is throttled. Suggested Backoff Time: 299972 milliseconds", Kind::temporary},
  };
  for (const Row& row : rows) {
    for (const std::string& token : tokens) {
      CAPTURE(row.words);
      CAPTURE(token.size());
      std::string answer = "none";
      ScriptedServer server(refuses_token([&](Client& client) {
        answer = client.hear();
        client.say("-ERR " + row.words);
        client.wait_until_gone();
      }));
      TokenSession session(server, token);
      const auto error = session.refused();
      CHECK(error.kind() == row.kind);
      CHECK(contains(error.what(), row.words + " (" + told + ")"));
      CHECK(server.connections() == 1);
      server.wait_until_quiet();
      CHECK(answer == "");
    }
  }
}

TEST_CASE("the reasons for refusing a token are reported even if nothing follows them") {
  for (const std::string then : {"", "C: \n", "RESET\n", "C: \nRESET\n", "HANG\n"}) {
    CAPTURE(then);
    const auto tells = [&](std::chrono::seconds time_out) {
      ScriptedServer server(refuses_token(transcript(then)));
      TokenSession session(server, tokens.front());
      session.endpoint.connect_timeout = time_out;
      const auto error = session.refused();
      return error.kind() == Kind::login && contains(error.what(), told) && contains(error.hint(), "token") &&
             server.connections() == 1;
    };
    CHECK((then == "HANG\n" ? with_time_out(tells) : tells(limit)));
  }
}

TEST_CASE("a token that is accepted is sent in one step where it fits, else in two") {
  for (const std::string& token : tokens) {
    CAPTURE(token.size());
    std::string first;
    ScriptedServer server([&](Client& client) {
      transcript(greeting_and_capa({"SASL XOAUTH2"}))(client);
      first = client.hear("AUTH XOAUTH2");
      if (first == "AUTH XOAUTH2") {
        client.say("+ ");
        client.hear(base64_encode("user=anna\1auth=Bearer " + token + "\1\1"));
      }
      client.say("+OK in");
    });
    TokenSession session(server, token);
    CHECK_NOTHROW(session.open());
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
    CHECK((first == "AUTH XOAUTH2") == (token.size() > 200));
    for (const std::string& line : session.trace)
      CHECK_FALSE(contains(line, base64_encode(token).substr(0, 12)));
  }
}

TEST_CASE("a server that dislikes a token on the AUTH line is asked again in two steps") {
  const std::string capa = greeting_and_capa({"SASL XOAUTH2"});
  for (const std::string refusal :
       {"S: -ERR Protocol error. Connection is closed. 10\n", "S: -ERR syntax\nHANG\n"}) {
    CAPTURE(refusal);
    const auto first = transcript(capa + "C: AUTH XOAUTH2 *\n" + refusal);
    const auto second = transcript(capa + "C: AUTH XOAUTH2\nS: + \nC: dXNlcj1hbm5h*\nS: +OK\n");
    ScriptedServer server([&](Client& client) { client.number() == 1 ? first(client) : second(client); });
    TokenSession session(server, tokens.front());
    CHECK(session.open().login_method == "xoauth2-in-steps");
    server.wait_until_quiet();
    CHECK(server.mismatches() == Strings{});
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a server that does not offer XOAUTH2 gets no token") {
  ScriptedServer server(transcript(greeting_and_capa({"SASL PLAIN X-XOAUTH2"}) +
                                   "C: AUTH XOAUTH2\nS: -ERR unknown mechanism\nHANG\n"));
  TokenSession session(server, tokens.front());
  const auto error = session.refused();
  CHECK(error.kind() == Kind::unavailable);
  CHECK(contains(error.what(), "does not offer auth \"xoauth2\""));
  server.wait_until_quiet();
  CHECK(server.received() == Strings{"CAPA", "AUTH XOAUTH2"});
}

}  // namespace
