// SPDX-License-Identifier: MIT
// A login does the same in plain text, after STLS and inside TLS.
#include "fixture.h"
#include "support/cpp/temp_dir.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::net::Tls;
using mailhaul::util::base64_encode;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

/// A kind of connection, and its name in the reports of the tests.
struct LoginWay {
  Tls tls;
  std::string name;
};
const std::vector<LoginWay> login_ways = {
    {Tls::none, "plain"}, {Tls::starttls, "STLS"}, {Tls::implicit, "TLS"}};

std::string beginning(Tls tls, const Strings& capabilities) {
  if (tls != Tls::starttls) return greeting_and_capa(capabilities);
  std::string again = "C: STLS\nS: +OK\nTLS\nC: CAPA\nS: +OK\n";
  for (const auto& line : capabilities) again += "S: " + line + "\n";
  return greeting_and_capa({"STLS"}) + again + "S: .\n";
}

struct WaySession : Session {
  WaySession(const ScriptedServer& server, Tls tls) : Session(server, tls) {
    spill(directory / "ca.pem", authority().pem());
    endpoint.ca_file = directory / "ca.pem";
  }
  TempDir directory;
};

ScriptedServer::Options options_for(Tls tls) {
  return {.tls = tls == Tls::implicit, .certificate = authority().issue()};
}

/// The capabilities, the conversation of each connection, and how it ends.
struct LoginRow {
  std::string name;
  Auth auth;
  Strings capabilities;
  Strings conversations;
  std::optional<Kind> error;
  std::string says;
};

const std::string by_user_and_pass = "C: USER anna\nS: +OK\nC: PASS Correct-Horse7\n";

const std::vector<LoginRow> login_rows = {
    {"hangs up at the credentials",
     Auth::user,
     {"USER"},
     Strings{by_user_and_pass},
     Kind::temporary,
     "closed the connection when it was given the credentials"},
    {"hangs up at the name",
     Auth::user,
     {"USER"},
     Strings{"C: USER anna\n"},
     Kind::temporary,
     "closed the connection when it was given the user name anna"},
    {"hangs up at the name, with another way left",
     Auth::automatic,
     {"SASL LOGIN"},
     Strings{"C: AUTH LOGIN " + base64_encode("anna") + "\n",
             "C: AUTH LOGIN\nS: + \nC: " + base64_encode("anna") + "\n", "C: USER anna\n"},
     Kind::temporary,
     "closed the connection when it was given the user name anna"},
    {"hangs up at the name, and another way works",
     Auth::automatic,
     {"SASL LOGIN"},
     Strings{"C: AUTH LOGIN " + base64_encode("anna") + "\n",
             "C: AUTH LOGIN\nS: + \nC: " + base64_encode("anna") + "\n", by_user_and_pass + "S: +OK\n"},
     std::nullopt,
     ""},
    {"-ERR to the credentials",
     Auth::user,
     {"USER"},
     Strings{by_user_and_pass + "S: -ERR no\nHANG\n"},
     Kind::login,
     "no"},
    {"+ERR to the credentials",
     Auth::user,
     {"USER"},
     Strings{by_user_and_pass + "S: +ERR never\nHANG\n"},
     Kind::login,
     "never"},
    {"+OK in place of +",
     Auth::plain,
     {"X-OTHER"},
     Strings{"C: AUTH PLAIN\nS: +OK go on\nC: " + plain_credentials() + "\nS: +OK\n"},
     std::nullopt,
     ""},
    {"not listed, and known all the same",
     Auth::plain,
     {"SASL LOGIN"},
     Strings{"C: AUTH PLAIN\nS: + \nC: " + plain_credentials() + "\nS: +OK\n"},
     std::nullopt,
     ""},
    {"the form is wrong",
     Auth::plain,
     {"SASL PLAIN"},
     Strings{"C: AUTH PLAIN *\nS: -ERR Protocol error. 14\nHANG\n",
             "C: AUTH PLAIN\nS: + \nC: " + plain_credentials() + "\nS: +OK\n"},
     std::nullopt,
     ""},
    {"neither",
     Auth::user,
     {"USER"},
     Strings{by_user_and_pass + "S: what\nHANG\n"},
     Kind::protocol,
     "neither +OK nor -ERR: what"},
    {"UTF8",
     Auth::user,
     {"USER", "UTF8"},
     Strings{"C: UTF8\nS: +OK\n" + by_user_and_pass + "S: +OK\n"},
     std::nullopt,
     ""},
    {"hangs up at the credentials, after +OK to UTF8 in the same flight",
     Auth::plain,
     {"SASL PLAIN", "UTF8", "PIPELINING"},
     Strings{"C: UTF8\nS: +OK\nC: AUTH PLAIN *\n"},
     Kind::temporary,
     "closed the connection when it was given the credentials"},
    {"UTF8 is refused",
     Auth::user,
     {"USER", "UTF8"},
     Strings{"C: UTF8\nS: -ERR\n" + by_user_and_pass + "S: +OK\n"},
     std::nullopt,
     ""},
};

TEST_CASE("a login ends in the same way in plain text, after STLS and inside TLS") {
  for (const LoginWay& way : login_ways) {
    for (const LoginRow& row : login_rows) {
      CAPTURE(way.name);
      CAPTURE(row.name);
      const std::string start = beginning(way.tls, row.capabilities);
      ScriptedServer server(
          [&](Client& client) {
            const auto number = static_cast<std::size_t>(client.number());
            if (number <= row.conversations.size()) transcript(start + row.conversations[number - 1])(client);
          },
          options_for(way.tls));
      WaySession session(server, way.tls);
      session.login.auth = row.auth;
      if (row.error) {
        const auto error = session.refused();
        CHECK(error.kind() == *row.error);
        CHECK(contains(error.what(), row.says));
      } else {
        CHECK(session.open().stream);
      }
      server.wait_until_quiet();
      CHECK(server.connections() == static_cast<int>(row.conversations.size()));
      CHECK(server.mismatches() == Strings{});
    }
  }
}

}  // namespace
