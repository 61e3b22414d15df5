// SPDX-License-Identifier: MIT
// How much a session may request before the answers have arrived.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixture.h"
#include "pop3/session.h"
#include "support/cpp/memory_server.h"

using namespace mailhaul;
using test::mebibyte;
using test::MemoryServer;
using test::ScriptedStream;

namespace {

constexpr std::size_t kibibyte = 1024;

std::vector<test::StoredMessage> mails(std::size_t count, std::size_t bytes) {
  return {count, test::StoredMessage{"uid", std::string(bytes, 'x') + "\r\n"}};
}

}  // namespace

TEST_CASE("the window holds 4 MiB of announced size, on a fast line") {
  MemoryServer server(mails(12, 100));
  std::size_t at_most = 0;
  SUBCASE("1 MiB each") {
    for (auto& message : server.messages) message.bytes.resize(mebibyte, 'x');
    at_most = 4;
  }
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  const auto listed = session.listing();
  server.most_outstanding = 0;
  for (const auto& one : listed) session.want({.number = one.number, .bytes = one.bytes});
  while (session.owed() > 0) session.next();
  CHECK(session.quit().committed);
  CHECK(server.most_outstanding == at_most);
  CHECK(server.most_bytes_outstanding == at_most * server.messages[0].bytes.size());
}

TEST_CASE("the window holds what comes in three quarters of a second") {
  const struct {
    std::uint64_t pace;
    std::size_t messages;  // of 32 KiB
  } table[] = {{0, 8},     // 256 KiB as long as the pace is not known
               {1, 1},     // 32 KiB at least
               {400'000, 9},
               {1'000'000, 22},
               {~std::uint64_t{0}, 128}};
  for (const auto& row : table) {
    CAPTURE(row.pace);
    MemoryServer server(mails(200, 32 * kibibyte - 2));
    const auto stream = server.open();
    stream->pace = row.pace;
    pop3::Session session(*stream, options_for(server));
    for (std::uint32_t n = 1; n <= 200; ++n) session.want({.number = n, .bytes = 32 * kibibyte});
    while (session.owed() > 0) session.next();
    CHECK(server.most_outstanding == row.messages);
  }
}

TEST_CASE("a message of any size is asked for when less than half of the window is to come") {
  MemoryServer server(mails(2, 5 * mebibyte));
  constexpr std::size_t piece = 4096, half_a_window = 150'000;
  server.options.wire.piece = piece;
  const auto stream = server.open();
  stream->pace = 400'000;
  pop3::Session session(*stream, options_for(server));
  for (std::uint32_t n = 1; n <= 2; ++n) session.want({.number = n, .bytes = 5 * mebibyte});
  auto& first = session.next();
  std::size_t read = 0;
  while (stream->written().find("RETR 2") == std::string::npos) read += first.read().value().size();
  constexpr auto then = 4 * mebibyte - half_a_window;  // the announced size counts as 4 MiB at most
  CHECK(read >= then);
  CHECK(read <= then + 3 * piece);
  CHECK_FALSE(session.next().refused());
}

TEST_CASE("the window holds 2,048 commands and 32 KB of command text") {
  std::size_t at_most = 0;
  std::uint32_t first = 0;
  SUBCASE("short commands") {
    first = 1;
    at_most = 2048;
  }
  SUBCASE("long commands") {
    first = 4'000'000'000;
    at_most = 32 * 1024 / 17;
  }
  ScriptedStream stream([](const std::string&) { return "+OK\r\n.\r\n"; });
  pop3::Session session(stream, {.capabilities = {"PIPELINING"}});
  for (std::uint32_t n = 0; n < 5000; ++n) session.want({.number = first + n});
  for (std::uint32_t n = 0; n < 5000; ++n) session.next();
  CHECK(stream.most_outstanding() == at_most);
}

TEST_CASE("the window opens again as answers arrive") {
  SUBCASE("in bytes") {
    MemoryServer server(mails(12, mebibyte));
    const auto stream = server.open();
    pop3::Session session(*stream, options_for(server));
    for (std::uint32_t n = 1; n <= 12; ++n) session.want({.number = n, .bytes = mebibyte});
    for (int i = 0; i < 6; ++i) session.next();
    server.most_outstanding = 0;
    for (int i = 6; i < 12; ++i) session.next();
    CHECK(server.most_outstanding >= 3);
  }
  SUBCASE("in commands") {
    std::size_t waiting_late = 0;
    ScriptedStream* server = nullptr;
    ScriptedStream stream([&](const std::string& command) {
      if (command == "RETR 3000") waiting_late = server->waiting().size();
      return "+OK\r\n.\r\n";
    });
    server = &stream;
    pop3::Session session(stream, {.capabilities = {"PIPELINING"}});
    for (std::uint32_t n = 1; n <= 5000; ++n) session.want({.number = n});
    for (std::uint32_t n = 1; n <= 5000; ++n) session.next();
    CHECK(waiting_late >= 1900);
  }
}

TEST_CASE("an announced size of any value neither overflows nor blocks the window") {
  MemoryServer server(mails(5, 100));
  const auto stream = server.open();
  pop3::Session session(*stream, options_for(server));
  for (std::uint32_t n = 1; n <= 5; ++n) session.want({.number = n, .bytes = ~std::uint64_t{0}});
  for (std::uint32_t n = 1; n <= 5; ++n) CHECK_FALSE(session.next().refused());
  CHECK(stream->most_outstanding() == 1);
}
