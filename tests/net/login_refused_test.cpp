// SPDX-License-Identifier: MIT
#include <netdb.h>
#include <netinet/in.h>

#include <atomic>
#include <thread>

#include "fixture.h"
#include "net/problem.h"
#include "util/base64.h"
#include "util/fd.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Auth;
using mailhaul::util::base64_encode;
using mailhaul::util::Kind;
using Strings = std::vector<std::string>;

TEST_CASE("a refused login is reported once, in the server's words, and classified by its code") {
  struct Row {
    std::string words;
    Kind kind;
  };
  const std::vector<Row> rows = {
      {"[AUTH] wrong password", Kind::login},       {"[IN-USE] somebody is here", Kind::temporary},
      {"[LOGIN-DELAY] too fast", Kind::temporary},  {"[SYS/TEMP] disk", Kind::temporary},
      {"[SYS/PERM] moved", Kind::unavailable},      {"authentication failed", Kind::login},
      {"maildrop already locked", Kind::temporary},
  };
  for (const Row& row : rows) {
    for (const Auth auth : {Auth::automatic, Auth::user}) {
      CAPTURE(row.words);
      const std::string login =
          auth == Auth::user ? "C: USER anna\nS: +OK\nC: PASS *\n" : "C: AUTH PLAIN *\n";
      ScriptedServer server(transcript(greeting_and_capa({"USER", "SASL PLAIN"}) + login + "S: -ERR " +
                                       row.words + "\nHANG\n"));
      Session session(server);
      session.login.auth = auth;
      const auto error = session.refused();
      CHECK(error.kind() == row.kind);
      CHECK(contains(error.what(), row.words));
      CHECK(contains(error.what(), "127.0.0.1:" + std::to_string(server.port())));
      CHECK(server.connections() == 1);
    }
  }
}

/// Answers CAPA, and the command after it with `line`; hangs up if `line` is empty.
Script answering(const Strings& capabilities, const std::string& line) {
  return [=](Client& client) {
    transcript(greeting_and_capa(capabilities))(client);
    client.hear();
    if (line.empty()) return;
    client.say(line);
    client.wait_until_gone();
  };
}

TEST_CASE("auto ends with what the server said last, whatever else it does not offer") {
  struct Row {
    std::string answer;
    Kind kind;
    std::string what;
  };
  const std::vector<Row> rows = {
      {"-ERR no such user", Kind::login, "no such user"},
      {"-ERR POP3 is not permitted for you", Kind::login, "POP3 is not permitted for you"},
      {"-ERR unknown command", Kind::unavailable, "does not offer auth \"auto\": unknown command"},
      {"huh what", Kind::protocol, "neither +OK nor -ERR: huh what"},
      {"", Kind::temporary, "closed"},
  };
  for (const Row& row : rows) {
    for (const Strings& capabilities :
         {Strings{}, Strings{"USER"}, Strings{"SASL PLAIN"}, Strings{"SASL CRAM-MD5", "USER"}}) {
      CAPTURE(row.answer);
      CAPTURE(capabilities.size());
      ScriptedServer server(answering(capabilities, row.answer));
      Session session(server);
      const auto error = session.refused();
      CHECK(error.kind() == row.kind);
      CHECK(contains(error.what(), row.what));
      if (row.kind != Kind::unavailable)
        CHECK(server.connections() == (capabilities == Strings{"SASL CRAM-MD5", "USER"} ? 2 : 1));
    }
  }
}

TEST_CASE("a wrong password goes out once, and twice at most where the refusal blames the command") {
  struct Row {
    std::string words;
    int passwords;
  };
  const std::vector<Row> rows = {{"user not recognized", 1},
                                 {"authentication failed, invalid parameters", 1},
                                 {"PLAIN authentication mechanism failed", 1},
                                 {"Authentication failed: unknown command or wrong secret", 1},
                                 {"unknown command", 2}};
  for (const Row& row : rows) {
    CAPTURE(row.words);
    std::atomic<int> passwords = 0;
    ScriptedServer server([&](Client& client) {
      transcript(greeting_and_capa({"SASL PLAIN LOGIN", "USER"}))(client);
      for (std::string line = client.hear(); !line.empty(); line = client.hear()) {
        const bool has_secret = contains(line, plain_credentials()) || line == base64_encode(password) ||
                                line == "PASS " + password;
        if (has_secret) ++passwords;
        if (line.starts_with("USER"))
          client.say("+OK");
        else
          client.say(has_secret ? "-ERR " + row.words : std::string("+ UGFzc3dvcmQ6"));
      }
    });
    Session session(server);
    CHECK(session.refused().kind() == Kind::login);
    server.wait_until_quiet();
    CHECK(passwords == row.passwords);
  }
}

TEST_CASE("[AUTH] to the name of a mechanism is not about the password: the next one is tried") {
  const std::string offered = greeting_and_capa({"SASL CRAM-MD5 PLAIN"});
  const auto cram = transcript(offered + "C: AUTH CRAM-MD5\nS: -ERR [AUTH] not this one\nHANG\n");
  const auto plain = transcript(offered + "C: AUTH PLAIN *\nS: +OK\n");
  ScriptedServer server([&](Client& client) { client.number() == 1 ? cram(client) : plain(client); });
  Session session(server);
  CHECK(session.open().login_method == "plain");
  server.wait_until_quiet();
  CHECK(server.mismatches() == Strings{});

  ScriptedServer other(cram);
  Session named(other);
  named.login.auth = Auth::cram_md5;
  const auto error = named.refused();
  CHECK(error.kind() == Kind::protocol);
  CHECK(contains(error.what(), "[AUTH] not this one"));
  CHECK(contains(error.hint(), "\"auto\""));
}

TEST_CASE("what a refused mechanism says about all logins ends the login") {
  for (const std::string words :
       {"[SYS/TEMP] later", "[SYS/PERM] never", "[IN-USE] busy", "too many connections"}) {
    CAPTURE(words);
    ScriptedServer server(answering({"SASL CRAM-MD5 PLAIN"}, "-ERR " + words));
    Session session(server);
    CHECK(contains(session.refused().what(), words));
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("a greeting may also refuse, and without a code the refusal is temporary") {
  struct Row {
    std::string words;
    Kind kind;
  };
  const std::vector<Row> rows = {
      {"too many of you", Kind::temporary},
      {"[SYS/TEMP] later", Kind::temporary},
      {"[SYS/PERM] never", Kind::unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    ScriptedServer server(transcript("S: -ERR " + row.words + "\nHANG\n"));
    Session session(server);
    const auto error = session.refused();
    CHECK(error.kind() == row.kind);
    CHECK(contains(error.what(), row.words));
  }
}

TEST_CASE("a refusal that follows the reasons for refusing a token is reported with them") {
  const std::string json = R"({"status":"invalid_token"})";
  ScriptedServer server(transcript(greeting_and_capa({"SASL OAUTHBEARER"}) + "C: AUTH OAUTHBEARER *\nS: + " +
                                   base64_encode(json) + "\nC: AQ==\nS: -ERR [SYS/TEMP] later\nHANG\n"));
  Session session(server);
  session.login.auth = Auth::oauthbearer;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::temporary);
  CHECK(contains(error.what(), "[SYS/TEMP] later (status invalid_token)"));
  CHECK(server.mismatches() == Strings{});
}

TEST_CASE("a name that does not exist is distinguished from a resolver that does not answer") {
  CHECK(mailhaul::net::kind_of_lookup(EAI_NONAME) == Kind::no_host);
  CHECK(mailhaul::net::kind_of_lookup(EAI_NODATA) == Kind::no_host);
  CHECK(mailhaul::net::kind_of_lookup(EAI_AGAIN) == Kind::temporary);
  CHECK(mailhaul::net::kind_of_lookup(EAI_FAIL) == Kind::temporary);
  CHECK(mailhaul::net::kind_of_lookup(0) == Kind::temporary);
}

TEST_CASE("what the server says is escaped") {
  ScriptedServer server(transcript("S: -ERR \x1b]0;owned\x07\nHANG\n"));
  Session session(server);
  const auto error = session.refused();
  CHECK(contains(error.what(), "\\x1b]0;owned\\x07"));
  CHECK(session.traced("< -ERR \\x1b]0;owned\\x07"));
}

TEST_CASE("a password that the server echoes is masked in errors, hints and trace") {
  const std::string echo = password + " " + base64_encode(password) + " " + plain_credentials() + " " +
                           base64_encode("xx" + password + "yy");
  for (const Auth auth : {Auth::automatic, Auth::user, Auth::login, Auth::xoauth2}) {
    ScriptedServer server([&](Client& client) {
      transcript("S: +OK " + echo + "\nC: CAPA\nS: +OK\nS: SASL PLAIN LOGIN XOAUTH2\nS: X-" + echo +
                 "\nS: .\n")(client);
      const std::string line = client.hear();
      if (line.starts_with("USER") || line.starts_with("AUTH LOGIN")) {
        client.say("+ OK" + std::string(auth == Auth::user ? "" : "=="));
        if (auth == Auth::user) return;
        client.hear();
      }
      client.say("-ERR [AUTH] bad: " + line + " " + echo);
      client.wait_until_gone();
    });
    Session session(server);
    session.login.auth = auth;
    const auto error = session.refused();
    std::string all = std::string(error.what()) + error.hint();
    for (const std::string& line : session.trace) all += "\n" + line;
    CAPTURE(all);
    CHECK_FALSE(contains(all, password));
    CHECK_FALSE(contains(all, base64_encode(password).substr(0, 12)));
    CHECK_FALSE(contains(all, plain_credentials()));
    CHECK(contains(all, "***"));
  }
}

TEST_CASE("a user name with control characters is refused before anything is sent") {
  ScriptedServer server(transcript("HANG\n"));
  for (const std::string bad : {"joe\r\nDELE 1", "joe\n", "joe\x01", "joe\x7f", ""}) {
    CAPTURE(bad);
    Session session(server);
    session.login.user = bad;
    CHECK(session.refused().kind() == Kind::config);
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("a password that is no line is refused before anything is sent") {
  ScriptedServer server(transcript("HANG\n"));
  for (const std::string& bad :
       {std::string("joe\r\nDELE 1"), std::string("joe\n"), std::string("joe\0x", 5), std::string()}) {
    CAPTURE(bad);
    Session session(server);
    session.login.secret = mailhaul::util::Secret(bad);
    const auto error = session.refused();
    CHECK(error.kind() == Kind::login);
    CHECK((bad.empty() || !contains(error.what(), bad)));
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("extra bytes after the login are not believed") {
  ScriptedServer server([](Client& client) {
    transcript(greeting_and_capa({"USER"}) + "C: USER *\nS: +OK\nC: PASS *\n")(client);
    client.send("+OK\r\n+OK forged\r\n");
    client.wait_until_gone();
  });
  Session session(server);
  session.login.auth = Auth::user;
  CHECK(session.refused().kind() == Kind::protocol);
}

TEST_CASE("one deadline limits the whole login, over all login methods and whatever stays silent") {
  struct Row {
    Auth auth;
    std::string first, second, what, hint;
  };
  const std::string capa = greeting_and_capa({"USER"});
  const std::string wrong_way =
      greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\nS: -ERR unknown command\n";
  const std::vector<Row> rows = {
      {Auth::automatic, "", "", "sent no greeting within ", "pop3s://"},
      {Auth::plain, greeting_and_capa({"SASL PLAIN"}), "", "did not finish the login within ", ""},
      {Auth::user, capa, "", "did not finish the login within ", ""},
      {Auth::user, capa + "C: USER *\nS: +OK\n", "", "did not finish the login within ", ""},
      {Auth::automatic, wrong_way, capa, "did not finish the login within ", ""},
      {Auth::automatic, wrong_way, "", "sent no greeting within ", ""},
  };
  std::vector<std::string> wrong(rows.size());
  std::vector<std::jthread> threads;  // all at once, as each takes a second
  for (std::size_t i = 0; i < rows.size(); ++i) {
    threads.emplace_back([&row = rows[i], &result = wrong[i]] {
      const auto first = transcript(row.first + "HANG\n");
      const auto second = transcript(row.second + "HANG\n");
      const bool right = with_time_out([&](std::chrono::seconds time_out) {
        ScriptedServer server([&](Client& client) { client.number() == 1 ? first(client) : second(client); });
        Session session(server);
        session.login.auth = row.auth;
        session.endpoint.connect_timeout = time_out;
        try {
          session.open();
          result = "opened";
          return false;
        } catch (const mailhaul::util::Error& error) {
          result = std::string(error.what()) + " / " + error.hint();
          return error.kind() == Kind::temporary && contains(error.what(), row.what) &&
                 contains(error.hint(), row.hint);
        }
      });
      if (right) result.clear();
    });
  }
  threads.clear();
  for (const std::string& result : wrong) CHECK(result == "");
}

TEST_CASE("a cancel ends the login") {
  for (const Auth auth : {Auth::automatic, Auth::user}) {
    Session* running = nullptr;
    ScriptedServer server([&](Client& client) {
      transcript(greeting_and_capa({"USER", "SASL PLAIN"}))(client);
      client.hear();
      running->cancel.request();
      client.wait_until_gone();
    });
    Session session(server);
    running = &session;
    session.login.auth = auth;
    CHECK(session.refused().kind() == Kind::cancelled);
    server.wait_until_quiet();  // its script uses the session
  }
}

TEST_CASE("a server that disconnects during the login is a temporary failure") {
  for (const std::string conversation : {"", "S: +OK hi\nC: CAPA\n", "S: +OK hi\nC: CAPA\nRESET\n"}) {
    CAPTURE(conversation);
    ScriptedServer server(transcript(conversation));
    Session session(server);
    session.login.auth = Auth::user;
    CHECK(session.refused().kind() == Kind::temporary);
  }
}

TEST_CASE("a port where nobody listens is a temporary failure") {
  const mailhaul::util::Fd held(::socket(AF_INET, SOCK_STREAM, 0));  // has a port, but does not listen
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(held.get(), reinterpret_cast<const sockaddr*>(&at), size) == 0);
  REQUIRE(::getsockname(held.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const std::uint16_t port = ntohs(at.sin_port);
  ScriptedServer other(transcript(""));
  Session session(other);
  session.endpoint.port = port;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::temporary);
  CHECK(std::string(error.what()) ==
        "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_CASE("a configured proxy is used, and its password is not shown") {
  ScriptedServer proxy([](Client& client) {
    while (!client.hear().empty()) {
    }
    client.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    client.wait_until_gone();
  });
  Session session(proxy);
  session.endpoint.proxy = "http://anna:Proxy-Geheim@127.0.0.1:" + std::to_string(proxy.port());
  session.endpoint.host = "mail.example.org";
  session.endpoint.port = 110;
  const auto error = session.refused();
  CHECK(error.kind() == Kind::config);
  CHECK(contains(error.what(), "the proxy refuses the login"));
  CHECK(proxy.received().front() == "CONNECT mail.example.org:110 HTTP/1.1");
  std::string all = error.what();
  for (const std::string& line : session.trace) all += "\n" + line;
  CHECK_FALSE(contains(all, "Proxy-Geheim"));
  CHECK_FALSE(contains(all, base64_encode("anna:Proxy-Geheim")));
}

TEST_CASE("the headers of a proxy are not taken for the server's words") {
  ScriptedServer proxy([](Client& client) {
    while (!client.hear().empty()) {
    }
    client.send("HTTP/1.1 200 OK\r\nX-Odd: +OK\r\n\r\n");
    transcript(greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\nS: +OK in\n")(client);
  });
  Session session(proxy);
  session.endpoint.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  session.endpoint.host = "mail.example.org";
  CHECK(session.open().capabilities == Strings{"SASL PLAIN"});
  CHECK(proxy.mismatches() == Strings{});
}

TEST_CASE("an invalid host name is refused") {
  ScriptedServer server(transcript(""));
  for (const std::string bad : {"", "ho st", "host/path", "user@host", "host\r\n"}) {
    CAPTURE(bad);
    Session session(server);
    session.endpoint.host = bad;
    CHECK(session.refused().kind() == Kind::config);
  }
}

}  // namespace
