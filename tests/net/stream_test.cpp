// SPDX-License-Identifier: MIT
#include <csignal>

#include "fixture.h"
#include "net/curl_handle.h"
#include "net/curl_stream.h"
#include "net/wire.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Tls;
using mailhaul::util::Kind;

const std::string opening = greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\nS: +OK in\n";

/// A logged-in stream whose server goes on with the given script, plain or over TLS.
struct Running {
  Running(const Script& script, Tls tls)
      : server(
            [script](Client& client) {
              transcript(opening)(client);
              client.hear("GO");
              script(client);
            },
            {.tls = tls == Tls::implicit, .certificate = authority().issue()}),
        session(server, tls) {}
  /// Logs in, then starts the script: libcurl would drop what arrives in one piece with its own last answer.
  std::unique_ptr<mailhaul::net::Stream> open() {
    auto stream = session.open().stream;
    stream->write("GO\r\n");
    return stream;
  }

  ScriptedServer server;
  TrustingSession session;
};

constexpr std::array both = {Tls::none, Tls::implicit};

std::string much(std::size_t bytes) {
  std::string result(bytes, '.');
  for (std::size_t i = 0; i < bytes; ++i) result[i] = static_cast<char>('a' + i % 23);
  return result;
}

Kind kind_of_read(mailhaul::net::Stream& stream, std::string& what) {
  try {
    read_all(stream);
  } catch (const mailhaul::util::Error& error) {
    what = error.what();
    return error.kind();
  }
  return Kind::usage;  // no error: the stream ended properly
}

/// A stream that is not logged in, with the given limits; its server may begin.
mailhaul::net::CurlStream bare_stream(const Session& session,
                                      const mailhaul::net::CurlStream::Limits& limits) {
  const mailhaul::net::Redactor redactor;
  const mailhaul::net::Trace trace;
  mailhaul::net::Dialogue dialogue(redactor, trace);
  auto curl = std::make_unique<mailhaul::net::CurlHandle>(session.endpoint, session.cancel, dialogue,
                                                          mailhaul::net::Speaks::pop3);
  REQUIRE(curl->connect(mailhaul::test::limit).ok());
  mailhaul::net::CurlStream stream(mailhaul::net::Wire(std::move(curl), "here"), limits, session.cancel);
  stream.write("GO\r\n");
  return stream;
}

TEST_CASE("bytes buffered by TLS do not wait for the socket") {
  // One write of 40,000 bytes makes three TLS records. Small reads leave most of a record in the buffer of
  // the TLS library, where poll(2) does not see it.
  const std::string text = much(40'000);
  for (const Tls tls : both) {
    Running running(
        [&](Client& client) {
          client.send(text);
          client.wait_until_gone();
        },
        tls);
    const auto stream = running.open();
    std::string got;
    std::array<char, 7> small{};
    while (got.size() < text.size()) got.append(small.data(), stream->read(small));
    CHECK(got == text);
  }
}

TEST_CASE("megabytes in both directions at once get through") {
  const std::string answer = much(12'000'000);
  std::string commands;
  while (commands.size() < 4'000'000) commands += "RETR " + std::to_string(commands.size()) + "\r\n";
  for (const Tls tls : both) {
    // The server reads only after it has sent everything, so a client that did not read until it had written
    // everything would hang.
    Running running(
        [&](Client& client) {
          client.send(answer);
          client.swallow(commands.size());
          client.send("done");
        },
        tls);
    const auto stream = running.open();
    for (std::size_t at = 0; at < commands.size(); at += 100'000) {
      stream->write(std::string_view(commands).substr(at, 100'000));
    }
    const std::string got = read_all(*stream);
    CHECK(got.size() == answer.size() + 4);
    CHECK(got.starts_with(answer));
    CHECK(got.ends_with("done"));
  }
}

TEST_CASE("commands arrive whole and in order") {
  std::string commands;
  for (int i = 0; i < 50'000; ++i) commands += "RETR " + std::to_string(i) + "\r\n";
  for (const Tls tls : both) {
    std::vector<std::string> wrong;
    Running running(
        [&](Client& client) {
          client.send(much(3'000'000));
          for (int i = 0; i < 50'000; ++i) {
            if (client.hear() != "RETR " + std::to_string(i)) wrong.push_back(std::to_string(i));
          }
          client.send("done");
        },
        tls);
    const auto stream = running.open();
    stream->write(commands);
    CHECK(read_all(*stream).ends_with("done"));
    CHECK(wrong.empty());
  }
}

TEST_CASE("the end of the stream is reported after everything has been read") {
  for (const Tls tls : both) {
    Running running([](Client& client) { client.say("-ERR autologout"); }, tls);
    const auto stream = running.open();
    CHECK(read_all(*stream) == "-ERR autologout\r\n");
  }
}

TEST_CASE("a reset connection counts as lost, not as ended") {
  Running running(
      [](Client& client) {
        client.hear();
        client.reset();
      },
      Tls::none);
  const auto stream = running.open();
  stream->write("NOOP\r\n");
  std::string what;
  CHECK(kind_of_read(*stream, what) == Kind::temporary);
  CHECK(contains(what, "connection to 127.0.0.1:" + std::to_string(running.server.port()) + " lost: "));
}

TEST_CASE("a server that falls silent is given up") {
  ScriptedServer server(transcript("S: +OK ready\nC: CAPA\nS: -ERR\nC: GO\nS: +OK\nHANG\n"));
  Session session(server);
  auto stream = bare_stream(session, {.silence = std::chrono::milliseconds(50)});
  std::string what;
  CHECK(kind_of_read(stream, what) == Kind::temporary);
  CHECK(what == "connection to here lost: nothing came for 1s");
}

TEST_CASE("a server that drips is given up") {
  ScriptedServer server([](Client& client) {
    transcript("S: +OK ready\nC: CAPA\nS: -ERR\nC: GO\n")(client);
    for (;;) {
      client.send(".");
      client.dawdle(std::chrono::milliseconds(50));
    }
  });
  Session session(server);
  CHECK(with_time_out([&](std::chrono::seconds time_out) {
    auto stream = bare_stream(session, {.silence = time_out});
    std::string what;
    CHECK(kind_of_read(stream, what) == Kind::temporary);
    return what == "connection to here lost: less than 64 bytes a second came for " +
                       std::to_string(time_out.count()) + "s";
  }));
}

TEST_CASE("after a cancel, bytes on their way are still read") {
  ScriptedServer server(transcript("S: +OK ready\nC: CAPA\nS: -ERR\nC: GO\nC: QUIT\nS: +OK late\n"));
  Session session(server);
  auto stream = bare_stream(session, {.drain = mailhaul::test::limit});
  session.cancel.request();
  stream.write("QUIT\r\n");
  CHECK(read_all(stream) == "+OK late\r\n");
}

TEST_CASE("after Ctrl-C a second and a half is enough, since a person waits") {
  CHECK(mailhaul::net::CurlStream::Limits{}.drain_at_ctrl_c <= std::chrono::milliseconds(1500));
}

TEST_CASE("after Ctrl-C draining ends sooner than after another signal") {
  ScriptedServer server(transcript("S: +OK ready\nC: CAPA\nS: -ERR\nC: GO\nHANG\n"));
  Session session(server);
  auto stream =
      bare_stream(session, {.drain = mailhaul::test::limit, .drain_at_ctrl_c = std::chrono::milliseconds(1)});
  session.cancel.request(SIGINT);
  std::string what;
  CHECK(kind_of_read(stream, what) == Kind::cancelled);
  CHECK(what == "stopped while waiting for here");
}

TEST_CASE("draining after a cancel has an end, even while bytes keep coming") {
  for (const bool silent : {true, false}) {
    CAPTURE(silent);
    ScriptedServer server([silent](Client& client) {
      transcript("S: +OK ready\nC: CAPA\nS: -ERR\nC: GO\n")(client);
      if (silent) client.wait_until_gone();
      for (;;) client.send(much(1000));  // until the client is gone
    });
    Session session(server);
    auto stream = bare_stream(session, {.drain = std::chrono::milliseconds(50)});
    session.cancel.request();
    std::string what;
    CHECK(kind_of_read(stream, what) == Kind::cancelled);
    CHECK(what == "stopped while waiting for here");
  }
}

}  // namespace
