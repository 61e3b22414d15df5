// SPDX-License-Identifier: MIT
#include "pop3/session.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "fixture.h"
#include "support/cpp/memory_server.h"
#include "util/error.h"

using namespace mailhaul;
using test::mebibyte;
using test::MemoryServer;

namespace {

std::string whole(pop3::Message& message) {
  std::string bytes;
  while (const auto piece = message.read()) bytes += *piece;
  return bytes;
}

std::vector<test::StoredMessage> some(std::size_t count, std::size_t bytes = 20) {
  std::vector<test::StoredMessage> messages;
  for (std::size_t i = 1; i <= count; ++i) {
    const auto number = std::to_string(i);
    messages.push_back({"uid-" + number, "Subject: " + number + "\r\n\r\n" + std::string(bytes, 'x') +
                                             "\r\n.\r\n..\r\nend\r\n"});
  }
  return messages;
}

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a listing takes one round trip if pipelining was announced at login") {
  MemoryServer server(some(3));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  CHECK(stream->written().empty());
  const auto listed = session.listing();
  CHECK(stream->written() == "CAPA\r\nSTAT\r\nLIST\r\nUIDL\r\n");
  CHECK(server.most_outstanding == 4);
  REQUIRE(listed.size() == 3);
  CHECK(listed[2].number == 3);
  CHECK(listed[2].uidl == "uid-3");
  CHECK(listed[2].bytes == server.messages[2].bytes.size());
}

TEST_CASE("if the login saw no pipelining, CAPA is sent alone first and then believed") {
  MemoryServer server(some(1));
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"UIDL"}});
  CHECK(session.listing().size() == 1);
  CHECK(server.commands == std::vector<std::string>{"CAPA", "STAT", "LIST", "UIDL"});
  CHECK(server.most_outstanding == 3);  // the listing, once pipelining is known to work
  CHECK(session.pipelining());
  CHECK(session.capabilities().top);
}

TEST_CASE("without pipelining only one command is unanswered at a time") {
  MemoryServer server(some(5));
  SUBCASE("not announced") { server.options.pipelining = false; }
  SUBCASE("not allowed") {}
  const auto stream = server.open();
  auto options = options_for(server);
  options.may_pipeline = !server.options.pipelining;
  pop3::Session session(*stream, options);
  CHECK_FALSE(session.pipelining());
  CHECK(session.listing().size() == 5);
  for (std::uint32_t n = 1; n <= 5; ++n) session.want({.number = n, .bytes = 30});
  for (std::uint32_t n = 1; n <= 5; ++n) {
    CHECK(whole(session.next()) == server.messages[n - 1].bytes);
    session.remove(n);
  }
  CHECK(session.quit().committed);
  CHECK(stream->most_outstanding() == 1);
  CHECK(server.messages.empty());
}

TEST_CASE("pipelining that is no longer announced after the login is not used") {
  MemoryServer server(some(3));
  server.options.pipelining = false;
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"}});
  static_cast<void>(session.listing());
  CHECK_FALSE(session.pipelining());
  CHECK(session.capabilities().uidl);
}

TEST_CASE("a capability of 65,000 bytes is read after the login as before it") {
  MemoryServer server(some(1));
  server.misbehave = [](const std::string& command, std::size_t) -> std::optional<MemoryServer::Reply> {
    if (command != "CAPA") return std::nullopt;
    return MemoryServer::Reply("+OK\r\nX-LONG " + std::string(65'000, 'x') + "\r\nUIDL\r\nTOP\r\n.\r\n");
  };
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  CHECK(session.listing().size() == 1);
  CHECK(session.capabilities().top);
}

TEST_CASE("on a server without CAPA, commands are tried") {
  MemoryServer server(some(2));
  server.options.capa = false;
  SUBCASE("with UIDL") {}
  SUBCASE("without UIDL") { server.options.uidl = false; }
  const auto stream = server.open();
  pop3::Session session(*stream, {});
  const auto listed = session.listing();
  CHECK(session.capabilities().top);
  CHECK_FALSE(session.pipelining());
  REQUIRE(listed.size() == 2);
  CHECK(session.capabilities().uidl == server.options.uidl);
  CHECK(listed[0].uidl == (server.options.uidl ? "uid-1" : ""));
}

TEST_CASE("CAPA is not asked where the server is known not to answer it") {
  MemoryServer server(some(2));
  server.options.pipelining = false;
  const auto stream = server.open();
  pop3::Session session(*stream, {.may_ask_capabilities = false});
  CHECK(session.listing().size() == 2);
  CHECK(session.capabilities().uidl);
  CHECK(session.capabilities().top);
  CHECK_FALSE(session.pipelining());
  CHECK(server.count("CAPA") == 0);
}

TEST_CASE("messages and removals share one stream, and each answer goes to its command") {
  MemoryServer server(some(50));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  static_cast<void>(session.listing());
  for (std::uint32_t n = 1; n <= 50; ++n)
    session.want({.number = n, .bytes = server.messages[n - 1].bytes.size()});
  CHECK(session.owed() == 50);
  Numbers expected;
  for (std::uint32_t n = 1; n <= 50; ++n) {
    auto& message = session.next();
    CHECK(message.wanted().number == n);
    CHECK(whole(message) == server.messages[n - 1].bytes);
    if (n % 2 == 0) continue;
    session.remove(n);
    expected.push_back(n);
  }
  CHECK(session.owed() == 0);
  const auto removal = session.quit();
  CHECK(removal.accepted == expected);
  CHECK(removal.refused.empty());
  CHECK(removal.committed);
  CHECK(server.messages.size() == 25);
}

TEST_CASE("a removal overtakes requests that are not sent yet") {
  MemoryServer server(some(4, 2 * mebibyte));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  static_cast<void>(session.listing());
  for (std::uint32_t n = 1; n <= 4; ++n) session.want({.number = n, .bytes = 2 * mebibyte});
  session.next();
  session.remove(1);
  for (int i = 0; i < 3; ++i) session.next();
  CHECK(session.quit().accepted == Numbers{1});
  const Numbers::size_type first = 4;  // after CAPA STAT LIST UIDL
  const std::vector<std::string> tail(server.commands.begin() + first, server.commands.end());
  CHECK(tail == std::vector<std::string>{"RETR 1", "RETR 2", "DELE 1", "RETR 3", "RETR 4", "QUIT"});
}

TEST_CASE("the unread rest of a message is skipped") {
  MemoryServer server(some(2, 1'000'000));
  server.options.wire.piece = 5000;
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  session.want({.number = 1});
  session.want({.number = 2});
  CHECK(session.next().read());
  auto& second = session.next();
  CHECK(second.wanted().number == 2);
  CHECK(whole(second) == server.messages[1].bytes);
  CHECK_FALSE(second.read());
}

TEST_CASE("a refused message is a value, and the next one follows") {
  MemoryServer server(some(2));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  for (const std::uint32_t n : {1U, 9U, 2U}) session.want({.number = n});
  CHECK_FALSE(session.next().refused());
  auto& refused = session.next();
  CHECK(refused.refused() == "no such message");
  CHECK_FALSE(refused.read());
  CHECK(whole(session.next()) == server.messages[1].bytes);
}

TEST_CASE("a refused removal is a value") {
  MemoryServer server(some(2));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  for (const std::uint32_t n : {2U, 7U}) session.remove(n);
  const auto removal = session.quit();
  CHECK(removal.accepted == Numbers{2});
  REQUIRE(removal.refused.size() == 1);
  CHECK(removal.refused[0] == std::pair<std::uint32_t, std::string>(7, "no such message"));
  CHECK(removal.committed);
}

TEST_CASE("headers are fetched by TOP") {
  MemoryServer server(some(2));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  session.want({.number = 2, .bytes = 20, .header_only = true});
  auto& message = session.next();
  CHECK(message.wanted().header_only);
  CHECK(whole(message) == "Subject: 2\r\n\r\n");
  CHECK(server.commands.back() == "TOP 2 0");
}

TEST_CASE("requests that are not sent can be withdrawn, and those sent are still owed") {
  MemoryServer server(some(6, 2 * mebibyte));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  for (std::uint32_t n = 1; n <= 6; ++n) session.want({.number = n, .bytes = 2 * mebibyte});
  session.next();
  CHECK(session.owed() == 5);
  CHECK(session.withdraw() == 4);
  CHECK(session.owed() == 1);
  CHECK(session.next().wanted().number == 2);
  CHECK(session.owed() == 0);
  CHECK(session.withdraw() == 0);
  CHECK(session.quit().committed);
}

TEST_CASE("100,000 messages are listed") {
  std::vector<test::StoredMessage> messages;
  for (int i = 0; i < 100'000; ++i)
    messages.push_back({"a-long-common-prefix-of-a-uidl-" + std::to_string(i), "x"});
  MemoryServer server(std::move(messages));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  const auto listed = session.listing();
  REQUIRE(listed.size() == 100'000);
  CHECK(listed.back().uidl == "a-long-common-prefix-of-a-uidl-99999");
  CHECK(session.listing_faults().malformed_lines == 0);
}

TEST_CASE("malformed lines are counted and ignored") {
  MemoryServer server(some(2));
  server.misbehave = [](const std::string& command, std::size_t) -> std::optional<MemoryServer::Reply> {
    if (command == "LIST") return "+OK\r\n1 5\r\nwhat\x1b is 77\r\nrubbish\r\n2 5\r\n.\r\n";
    return std::nullopt;
  };
  const auto stream = server.open();
  auto options = options_for(server);
  options.redact = [](std::string_view words) {
    return std::string(words.substr(0, words.find("77"))) + "***";
  };
  pop3::Session session(*stream, options);
  CHECK(session.listing().size() == 2);
  CHECK(session.listing_faults().malformed_lines == 2);
  CHECK(session.listing_faults().first_malformed_line == "what\\x1b is ***");
}

TEST_CASE("QUIT is sent together with the last removals only with pipelining") {
  MemoryServer server(some(3));
  const auto stream = server.open();
  auto options = options_for(server);
  SUBCASE("pipelined") {}
  SUBCASE("one by one") { options.may_pipeline = false; }
  pop3::Session session(*stream, options);
  for (std::uint32_t n = 1; n <= 3; ++n) session.remove(n);
  CHECK(session.quit().committed);
  CHECK(stream->most_outstanding() == (options.may_pipeline ? 4 : 1));
  CHECK(server.commands.back() == "QUIT");
  CHECK(server.messages.empty());
}

TEST_CASE("a session that was not finished removes nothing") {
  MemoryServer server(some(2));
  {
    const auto stream = server.open();
    pop3::Session session(*stream, options_for(server));
    session.remove(1);
    session.want({.number = 2});
    CHECK(whole(session.next()) == server.messages[1].bytes);
  }
  CHECK(server.count("DELE 1") == 1);
  CHECK(server.messages.size() == 2);
  CHECK(server.count("QUIT") == 0);
}

TEST_CASE("the conversation can be traced, with bodies as byte counts") {
  MemoryServer server(std::vector<test::StoredMessage>{{"u", "Subject: secret\r\n\r\n"}});
  const auto stream = server.open();
  auto options = options_for(server);
  std::string seen;
  options.trace = [&](char direction, std::string_view line) {
    seen.append(1, direction).append(line).append("|");
  };
  pop3::Session session(*stream, options);
  session.want({.number = 1});
  whole(session.next());
  CHECK(session.quit().committed);
  CHECK(seen == ">RETR 1|<+OK 19 octets|*19 message bytes|>QUIT|<+OK bye|");
}

TEST_CASE("a whole session gives the same result in pieces of any size") {
  std::mt19937 random(4711);
  for (int round = 0; round < 60; ++round) {
    MemoryServer server(some(8, static_cast<std::size_t>(random() % 300U)));
    const auto stored = server.messages;
    const auto largest = 1 + random() % 40U;
    server.options.wire.any_piece = [&] { return 1 + random() % largest; };
    const auto stream = server.open();
    pop3::Session session(*stream, options_for(server));
    for (const auto& one : session.listing()) session.want({.number = one.number, .bytes = one.bytes});
    while (session.owed() > 0) {
      auto& message = session.next();
      CHECK(whole(message) == stored[message.wanted().number - 1].bytes);
      session.remove(message.wanted().number);
    }
    CHECK(session.quit().accepted.size() == 8);
    CHECK(server.messages.empty());
  }
}

TEST_CASE("misuse is reported as a bug and does not hang") {
  MemoryServer server(some(2));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  CHECK_THROWS_AS(session.next(), util::Error);
  session.want({.number = 1});
  CHECK_THROWS_AS(session.quit(), util::Error);
  CHECK_THROWS_AS(session.listing(), util::Error);
  CHECK(server.count("QUIT") == 0);
  session.next();
  CHECK(session.quit().committed);
}
