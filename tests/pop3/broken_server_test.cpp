// SPDX-License-Identifier: MIT
// Servers that lie, fall silent or speak out of turn: what the session reports, and what it never does.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pop3/session.h"
#include "support/cpp/memory_server.h"
#include "util/error.h"

using namespace mailhaul;
using namespace std::string_literals;
using test::Ending;
using test::MemoryServer;
using test::ScriptedStream;

namespace {

using Replies = std::optional<MemoryServer::Reply>;

std::vector<test::StoredMessage> five() {
  return {{"a", "A: 1\r\n\r\n"},
          {"b", "B: 2\r\n\r\n"},
          {"c", "C: 3\r\n\r\n"},
          {"d", "D: 4\r\n\r\n"},
          {"e", "E: 5\r\n\r\n"}};
}

// Sends `reply` in place of the answer to `command`.
MemoryServer::Misbehaviour instead_of(std::string command, MemoryServer::Reply reply) {
  return [command = std::move(command), reply = std::move(reply)](const std::string& got,
                                                                  std::size_t) -> Replies {
    if (got == command) return reply;
    return std::nullopt;
  };
}

struct Failure {
  util::Kind kind = util::Kind::internal;
  std::string sentence = "none";
  pop3::Doubt doubt;
  bool quit = false;  ///< QUIT was sent
  bool committed = false;
  std::size_t came = 0;  ///< messages that arrived whole before the error
};

// A whole session: list, fetch five, remove each, quit.
Failure fail_with(MemoryServer& server, bool may_pipeline = true) {
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"}, .may_pipeline = may_pipeline});
  Failure failure;
  try {
    static_cast<void>(session.listing());
    for (std::uint32_t n = 1; n <= 5; ++n) session.want({.number = n, .bytes = 8});
    while (session.owed() > 0) {
      auto& message = session.next();
      while (message.read()) {
      }
      ++failure.came;
      session.remove(message.wanted().number);
    }
    failure.committed = session.quit().committed;
  } catch (const util::Error& error) {
    failure.kind = error.kind();
    failure.sentence = error.what();
    failure.doubt = session.doubt();
    CHECK(session.owed() <= 5);
    CHECK_THROWS_AS(session.quit(), util::Error);
  }
  failure.quit = stream->written().find("QUIT") != std::string::npos;
  return failure;
}

}  // namespace

TEST_CASE("a server that answers one of several commands and disconnects raises doubt about its pipelining") {
  MemoryServer server(five());
  SUBCASE("closes") { server.misbehave = instead_of("RETR 2", {"", true}); }
  SUBCASE("falls silent") {
    server.misbehave = [silent = false](const std::string& command, std::size_t) mutable -> Replies {
      silent = silent || command == "RETR 2";
      return silent ? Replies("") : std::nullopt;
    };
  }
  const auto failure = fail_with(server);
  CHECK(failure.kind == util::Kind::temporary);
  CHECK(failure.sentence.ends_with("(answer to RETR 2)"));
  CHECK(failure.doubt.pipelined);
  CHECK(failure.doubt.at_border);
  CHECK_FALSE(failure.doubt.malformed_status);
  CHECK(failure.came == 1);
  CHECK_FALSE(failure.quit);
}

TEST_CASE("the same without pipelining raises no such doubt") {
  MemoryServer server(five());
  server.misbehave = instead_of("RETR 2", {"", true});
  const auto failure = fail_with(server, false);
  CHECK(failure.sentence == "the server closed the connection (answer to RETR 2)");
  CHECK_FALSE(failure.doubt.pipelined);
  CHECK(failure.doubt.at_border);
}

TEST_CASE("an end inside an answer is not between two answers") {
  MemoryServer server(five());
  SUBCASE("in a message") { server.misbehave = instead_of("RETR 2", {"+OK\r\nhalf", true}); }
  SUBCASE("before the closing dot") { server.misbehave = instead_of("RETR 2", {"+OK\r\nB: 2\r\n", true}); }
  SUBCASE("after the dot") { server.misbehave = instead_of("RETR 2", {"+OK\r\nB: 2\r\n.\r", true}); }
  SUBCASE("in a status line") { server.misbehave = instead_of("RETR 2", {"+OK", true}); }
  const auto failure = fail_with(server);
  CHECK(failure.kind == util::Kind::temporary);
  CHECK(failure.doubt.pipelined);
  CHECK_FALSE(failure.doubt.at_border);
  CHECK(failure.came == 1);
  CHECK_FALSE(failure.quit);
}

TEST_CASE("a list counts only if its end arrived") {
  for (const auto* command : {"CAPA", "LIST", "UIDL"}) {
    MemoryServer server(five());
    server.misbehave = instead_of(command, {"+OK\r\n1 a\r\n", true});
    const auto failure = fail_with(server);
    CHECK(failure.kind == util::Kind::temporary);
    CHECK(failure.sentence == "the server closed the connection (answer to "s + command + ")");
    CHECK(server.count("RETR 1") == 0);
  }
}

TEST_CASE("a status line that is neither +OK nor -ERR ends the session without QUIT") {
  MemoryServer server(five());
  server.misbehave = instead_of("RETR 2", "B: 2\x1b\r\n");
  const auto failure = fail_with(server);
  CHECK(failure.kind == util::Kind::protocol);
  CHECK(failure.sentence ==
        "the server answered neither +OK nor -ERR: \"B: 2\\x1b\" (answer to RETR 2, after RETR 1)");
  CHECK(failure.doubt.malformed_status);
  CHECK(failure.doubt.pipelined);
  CHECK_FALSE(failure.doubt.at_border);
  CHECK_FALSE(failure.quit);
}

TEST_CASE("an unsolicited answer is noticed before the next command is sent") {
  MemoryServer server(five());
  server.misbehave = instead_of("RETR 2", "+OK\r\n.\r\n+OK and one more\r\n");
  const auto failure = fail_with(server, false);
  CHECK(failure.kind == util::Kind::protocol);
  CHECK(failure.sentence ==
        "the server sent an answer that nobody asked for: \"+OK and one more\" (after RETR 2)");
  CHECK(failure.doubt.malformed_status);
  CHECK(server.count("DELE 2") == 0);
  CHECK_FALSE(failure.quit);
}

TEST_CASE("a message full of server answers stays a message") {
  const std::string forged = "Subject: x\r\n\r\nhello\n.\n+OK\nforged\n.\n+OK\n\r\n";
  MemoryServer server(std::vector<test::StoredMessage>{{"a", forged}, {"b", "B: 2\r\n\r\n"}});
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  session.want({.number = 1});
  session.want({.number = 2});
  std::string got;
  for (int i = 0; i < 2; ++i) {
    auto& message = session.next();
    while (const auto piece = message.read()) got += *piece;
    got += '|';
  }
  CHECK(got == forged + "|B: 2\r\n\r\n|");
  CHECK(session.quit().committed);
}

TEST_CASE("the last words of a server that hangs up are reported") {
  MemoryServer server(five());
  server.misbehave = [](const std::string& command, std::size_t) -> Replies {
    if (command == "RETR 3") return MemoryServer::Reply("-ERR autologout\a\r\n", true);
    return std::nullopt;
  };
  const auto failure = fail_with(server);
  CHECK(failure.sentence ==
        "the server closed the connection (answer to RETR 4; the last answer was -ERR autologout\\x07)");
}

TEST_CASE("a cut at any byte is an error without removal, or an unconfirmed end") {
  std::size_t unsure = 0;
  bool committed = false;
  for (std::size_t cut = 0; !committed; ++cut) {
    MemoryServer server(five());
    server.options.wire.cut_at = cut;
    server.options.wire.cut = cut % 2 == 0 ? Ending::closed : Ending::silent;
    CAPTURE(cut);
    const auto failure = fail_with(server);
    committed = failure.committed;
    if (committed) CHECK(server.messages.empty());
    if (failure.sentence == "none") {
      ++unsure;
      continue;
    }
    CHECK(failure.kind == util::Kind::temporary);
    CHECK(server.messages.size() == 5);
  }
  CHECK(unsure == std::string("+OK bye\r\n").size() + 1);  // cut before the answer to QUIT or anywhere in it
}

TEST_CASE("a missing answer to QUIT is reported as such") {
  MemoryServer server(five());
  SUBCASE("closed") { server.misbehave = instead_of("QUIT", {"", true}); }
  SUBCASE("silent") { server.misbehave = instead_of("QUIT", ""); }
  SUBCASE("torn") { server.misbehave = instead_of("QUIT", {"+OK b", true}); }
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  session.remove(1);
  const auto removal = session.quit();
  CHECK(removal.accepted.size() == 1);
  CHECK_FALSE(removal.committed);
  CHECK(removal.quit_answer.find("(answer to QUIT") != std::string::npos);
}

TEST_CASE("a refused QUIT commits nothing and is reported in the server's words") {
  MemoryServer server(five());
  server.misbehave = instead_of("QUIT", {"-ERR some messages not removed\r\n", true});
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  session.remove(1);
  const auto removal = session.quit();
  CHECK_FALSE(removal.committed);
  CHECK(removal.quit_answer == "some messages not removed");
}

TEST_CASE("an end among the last removals is an error, although QUIT was sent") {
  MemoryServer server(five());
  server.misbehave = instead_of("DELE 2", {"", true});
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  for (std::uint32_t n = 1; n <= 3; ++n) session.remove(n);
  CHECK_THROWS_WITH(session.quit(), "the server closed the connection (answer to DELE 2)");
  CHECK(session.doubt().pipelined);
  CHECK(session.doubt().at_border);
}

TEST_CASE("a malformed answer to QUIT is an error") {
  MemoryServer server(five());
  server.misbehave = instead_of("QUIT", "bye\r\n");
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  CHECK_THROWS_WITH(session.quit(), "the server answered neither +OK nor -ERR: \"bye\" (answer to QUIT)");
}

TEST_CASE("a line that was cut is quoted with the command that it answers") {
  struct Case {
    std::string command, reply, expected;
  };
  const std::vector<Case> cases{
      {"RETR 2", "+O", "answer to RETR 2, cut after \"+O\""},
      {"RETR 2", "-ERR [SYS/TEMP] no\x1b", "answer to RETR 2, cut after \"-ERR [SYS/TEMP] no\\x1b\""},
      {"LIST", "+OK\r\n1 8\r\n2", "answer to LIST, cut after \"2\""},
      {"UIDL", "+OK\r\n1 uid-of-", "answer to UIDL, cut after \"1 uid-of-\""},
      {"DELE 3", "+OK mar", "answer to DELE 3, cut after \"+OK mar\""},
      {"RETR 2", "+OK\r\nB: 2", "answer to RETR 2"},  // mail is not quoted
      {"RETR 2", "", "answer to RETR 2"},
  };
  for (const auto& one : cases) {
    for (const bool may_pipeline : {true, false}) {
      CAPTURE(one.reply);
      MemoryServer server(five());
      server.misbehave = instead_of(one.command, {one.reply, true});
      CHECK(fail_with(server, may_pipeline).sentence ==
            "the server closed the connection (" + one.expected + ")");
    }
  }
}

TEST_CASE("endless capabilities and an endless header are cut off") {
  std::string lines;
  for (int i = 0; i < 1001; ++i) lines += "X\r\n";
  MemoryServer server(five());
  server.misbehave = instead_of("CAPA", "+OK\r\n" + lines);
  CHECK(fail_with(server).sentence ==
        "the server's list is too long: it has not ended after 1001 lines with 1001 bytes (answer to CAPA)");
  std::string long_lines;
  for (int i = 0; i < 18; ++i) long_lines += std::string(60'000, 'x') + "\r\n";
  server.misbehave = instead_of("CAPA", "+OK\r\n" + long_lines);
  CHECK(fail_with(server).sentence ==
        "the server's list is too long: it has not ended after 18 lines with 1080000 bytes (answer to CAPA)");
  server.misbehave = instead_of("TOP 1 0", "+OK\r\n" + std::string((64U << 20U) + 1, 'x'));
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"}});
  session.want({.number = 1, .header_only = true});
  auto& message = session.next();
  const auto drain = [&] {
    while (message.read()) {
    }
  };
  CHECK_THROWS_WITH(drain(), "the server's header does not end: more than 64 MiB (answer to TOP 1 0)");
}

TEST_CASE("an echoed secret is hidden in the server's words, but not in the values read from them") {
  MemoryServer server(five());
  std::string seen;
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"},
                                  .trace =
                                      [&](char direction, std::string_view line) {
                                        if (direction == '<') seen.append(line);
                                      },
                                  .redact =
                                      [](std::string_view words) {
                                        std::string text(words);
                                        for (auto at = text.find('5'); at != std::string::npos;
                                             at = text.find('5'))
                                          text[at] = '*';
                                        return text;
                                      }});
  server.misbehave = [](const std::string& command, std::size_t) -> Replies {
    if (command == "LIST") return "-ERR 5 is no reason\r\n";
    if (command == "RETR 1") return "5 it is\r\n";
    return std::nullopt;
  };
  CHECK_THROWS_WITH(session.listing(), "the server refused LIST: -ERR * is no reason");
  CHECK(seen.find('5') == std::string::npos);
  session.want({.number = 1});
  CHECK_THROWS_WITH(session.next(), doctest::Contains("neither +OK nor -ERR: \"* it is\""));
}

TEST_CASE("an endless line is cut off") {
  MemoryServer server(five());
  server.misbehave = instead_of("UIDL", "+OK\r\n1 " + std::string(100'000, 'u'));
  const auto failure = fail_with(server);
  CHECK(failure.kind == util::Kind::protocol);
  CHECK(failure.sentence.starts_with("the server sent a line of more than 64 KiB"));
  CHECK_FALSE(failure.doubt.malformed_status);
}

TEST_CASE("a server that drops all commands after the first one falls silent and raises doubt") {
  MemoryServer server(five());
  server.misbehave = [](const std::string& command, std::size_t) -> Replies {
    if (command == "CAPA") return std::nullopt;
    return "";
  };
  const auto failure = fail_with(server);
  CHECK(failure.kind == util::Kind::temporary);
  CHECK(failure.sentence == "no answer from the server within 3m (answer to STAT)");
  CHECK(failure.doubt.pipelined);
  CHECK(failure.doubt.at_border);
}

TEST_CASE("a connection that is dead from the start is reported with the command that went unanswered") {
  ScriptedStream stream(""s);
  pop3::Session session(stream, {});
  CHECK_THROWS_WITH(static_cast<void>(session.listing()),
                    "the server closed the connection (answer to CAPA)");
  CHECK(session.awaited().what == pop3::Awaited::What::capabilities);
}
