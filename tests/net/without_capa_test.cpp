// SPDX-License-Identifier: MIT
// Servers that hang up or fall silent at CAPA.
#include "fixture.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::net::Tls;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

const std::string greeting = "S: +OK hi\n";
const Strings ends = {"", "RESET\n", "HANG\n", "S: +OK\nS: TOP\nHANG\n"};

/// Answers the first connection up to CAPA, and the others by the given script.
Script without_capa(const std::string& end, const std::string& others) {
  return [end, others](Client& client) {
    transcript(client.number() == 1 ? greeting + "C: CAPA\n" + end : others)(client);
  };
}

/// Returns whether `attempt(time_out)` returns true. If the server hangs, a part of the time-out has to pass,
/// so short ones are tried first. Otherwise the time-out is so long that it never passes.
template <typename Attempt>
bool succeeds(const std::string& script, const Attempt& attempt) {
  return script.ends_with("HANG\n") ? with_time_out(attempt) : attempt(limit);
}

TEST_CASE("a server that does not survive CAPA is logged in to without it") {
  const std::string login = greeting + "C: USER anna\nS: +OK\nC: PASS Correct-Horse7\nS: +OK in\n";
  for (const Tls tls : {Tls::none, Tls::implicit}) {
    for (const Auth auth : {Auth::automatic, Auth::user}) {
      for (const std::string& end : ends) {
        if (end.ends_with("HANG\n") && (tls != Tls::none || auth != Auth::user))
          continue;  // one combination is enough, as it takes long
        CAPTURE(end);
        CHECK(succeeds(end, [&](std::chrono::seconds time_out) {
          ScriptedServer server(without_capa(end, login),
                                {.tls = tls == Tls::implicit, .certificate = authority().issue()});
          TrustingSession session(server, tls);
          session.endpoint.connect_timeout = time_out;
          session.login.auth = auth;
          session.remembered = "sasl";
          try {
            const auto opened = session.open();
            CHECK_FALSE(opened.answers_capa);
            CHECK(opened.capabilities.empty());
            CHECK(opened.login_method == "sasl");  // unchanged: CAPA may have failed by accident
          } catch (const mailhaul::util::Error&) {
            return false;
          }
          server.wait_until_quiet();
          CHECK(server.connections() == 2);
          CHECK(server.mismatches() == Strings{});
          return true;
        }));
      }
    }
  }
}

TEST_CASE("the certificate is checked without CAPA as well") {
  ScriptedServer server(without_capa("", greeting + "HANG\n"),
                        {.tls = true, .certificate = authority().issue()});
  TrustingSession session(server, Tls::implicit);
  session.endpoint.ca_file.clear();
  CHECK(session.refused().kind() == Kind::unavailable);
  CHECK(server.received() == Strings{});
}

TEST_CASE("where CAPA cannot be left out, what happened to it is reported") {
  for (const std::string& end : ends) {
    CAPTURE(end);
    const std::string words = end == "HANG\n"           ? "did not answer CAPA in time"
                              : end.ends_with("HANG\n") ? "did not end its answer to CAPA in time"
                                                        : "instead of answering CAPA";
    CHECK(succeeds(end, [&](std::chrono::seconds time_out) {
      ScriptedServer server(without_capa(end, greeting + "C: CAPA\n" + end));
      TrustingSession session(server);
      session.endpoint.connect_timeout = time_out;
      session.login.auth = Auth::plain;
      const auto error = session.refused();
      CHECK(error.kind() == Kind::temporary);
      return contains(error.what(), words) && contains(error.hint(), "\"auth\"") && server.connections() == 1;
    }));
  }
  for (const std::string& end : ends) {
    CAPTURE(end);
    CHECK(succeeds(end, [&](std::chrono::seconds time_out) {
      ScriptedServer server(without_capa(end, ""));
      TrustingSession session(server, Tls::starttls);
      session.endpoint.connect_timeout = time_out;
      const auto error = session.refused();
      CHECK(error.kind() == Kind::temporary);
      return contains(error.what(), "CAPA") && contains(error.hint(), "pop3s://") &&
             server.connections() == 1;
    }));
  }
}

TEST_CASE("a login without CAPA may be refused like any other") {
  struct Row {
    std::string conversation;
    Kind kind;
    std::string what;
  };
  const std::vector<Row> rows = {
      {"S: -ERR too many connections\nHANG\n", Kind::temporary, "too many connections"},
      {"S: * OK IMAP4rev1\nHANG\n", Kind::protocol, "IMAP4rev1"},
      {greeting + "C: USER anna\nS: -ERR [AUTH] nobody\nHANG\n", Kind::login, "nobody"},
      {greeting + "C: USER anna\nS: +OK\nC: PASS *\nS: -ERR wrong\nHANG\n", Kind::login, "wrong"},
      {greeting + "C: USER anna\nS: +OK\nC: PASS *\n", Kind::temporary, "when it was given the credentials"},
      {greeting + "C: USER anna\nS: ++\nHANG\n", Kind::protocol, "neither +OK nor -ERR: ++"},
      {"HANG\n", Kind::temporary, "sent no greeting"},
      {"", Kind::temporary, "closed"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.conversation);
    CHECK(succeeds(row.conversation, [&](std::chrono::seconds time_out) {
      ScriptedServer server(without_capa("", row.conversation));
      TrustingSession session(server);
      session.endpoint.connect_timeout = time_out;
      const auto error = session.refused();
      return error.kind() == row.kind && contains(error.what(), row.what) && server.connections() == 2;
    }));
  }
}

}  // namespace
