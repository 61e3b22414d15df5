// SPDX-License-Identifier: MIT
// Servers that list UTF8 (RFC 6856) and do not survive that command.
#include "fixture.h"
#include "net/connection.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

const std::string asked = greeting_and_capa({"UTF8", "USER"}) + "C: UTF8\n";
const std::string asked_in_one_flight = greeting_and_capa({"UTF8", "PIPELINING", "SASL PLAIN"}) + "C: UTF8\n";

/// The first connection follows one script, the others another.
Script first_and_others(const std::string& first, const std::string& others) {
  return [first, others](Client& client) { transcript(client.number() == 1 ? first : others)(client); };
}

TEST_CASE("a server that does not survive UTF8 is logged in to without it, in the same run") {
  const std::string login =
      greeting_and_capa({"UTF8", "USER"}) + "C: USER anna\nS: +OK\nC: PASS Correct-Horse7\nS: +OK in\n";
  for (const std::string& end : Strings{"", "RESET\n", "S: 500 what\nHANG\n", "HANG\n"}) {
    CAPTURE(end);
    const auto logs_in = [&](std::chrono::seconds time_out) {
      ScriptedServer server(first_and_others(asked + end, login));
      Session session(server);
      session.endpoint.connect_timeout = time_out;
      try {
        const auto opened = session.open();
        CHECK(opened.login_method == "user");
        CHECK(opened.answers_capa);
      } catch (const mailhaul::util::Error&) {
        return false;
      }
      server.wait_until_quiet();
      CHECK(server.connections() == 2);
      CHECK(server.mismatches() == Strings{});
      return true;
    };
    CHECK((end == "HANG\n" ? with_time_out(logs_in) : logs_in(limit)));  // here half of the time-out passes
  }
}

TEST_CASE("what goes out behind UTF8 in one flight goes out once more at most") {
  const std::string others =
      greeting_and_capa({"UTF8", "PIPELINING", "SASL PLAIN LOGIN"}) + "C: AUTH PLAIN *\n";
  {
    ScriptedServer server(first_and_others(asked_in_one_flight, others + "S: +OK in\n"));
    Session session(server);
    session.login.auth = Auth::plain;
    CHECK_NOTHROW(session.open());
    CHECK(server.connections() == 2);
  }
  ScriptedServer server(first_and_others(asked_in_one_flight, others + "S: -ERR unknown command\nHANG\n"));
  Session session(server);
  session.endpoint.tls = mailhaul::net::Tls::none;
  session.login.auth = Auth::plain;
  CHECK(session.refused().kind() == Kind::login);
  CHECK(server.connections() == 2);
}

TEST_CASE("a look at a server does not send UTF8") {
  ScriptedServer server(transcript(greeting_and_capa({"UTF8", "USER"})));
  Session session(server);
  const auto facts = mailhaul::net::look_at_server({.endpoint = session.endpoint,
                                                    .login = session.login,
                                                    .remembered_method = {},
                                                    .cancel = session.cancel,
                                                    .trace = {}});
  CHECK(facts.capabilities == Strings{"UTF8", "USER"});
  server.wait_until_quiet();
  CHECK(server.received() == Strings{"CAPA"});
}

}  // namespace
