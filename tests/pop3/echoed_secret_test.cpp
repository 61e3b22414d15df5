// SPDX-License-Identifier: MIT
// A server that echoes the password in an answer that makes no sense.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pop3/session.h"
#include "support/cpp/memory_server.h"
#include "util/error.h"

using namespace mailhaul;
using test::MemoryServer;

namespace {

const std::string odd_secret =
    "hunt\\er\x01\xe4"
    "2";

std::string without_secret(std::string_view words) {
  std::string text(words);
  for (auto at = text.find(odd_secret); at != std::string::npos; at = text.find(odd_secret))
    text.replace(at, odd_secret.size(), "***");
  return text;
}

// Returns the sentence with which a session ends if `command` is answered with `reply`, the nth time and
// later.
std::string sentence_after(const std::string& command, const MemoryServer::Reply& reply, std::size_t nth) {
  MemoryServer server(std::vector<test::StoredMessage>{{"a", "A: 1\r\n\r\n"}});
  server.misbehave = [&](const std::string& got, std::size_t number) -> std::optional<MemoryServer::Reply> {
    if (got == command && number >= nth) return reply;
    return std::nullopt;
  };
  const auto stream = server.open();
  pop3::Session session(*stream, {.may_pipeline = false, .redact = without_secret});
  try {
    static_cast<void>(session.listing());
    session.want({.number = 1});
    session.want_proof();
    while (session.owed() > 0) session.next();
  } catch (const util::Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a secret in an answer that makes no sense is hidden before this is escaped and cut") {
  struct Row {
    std::string command, reply, shown;
    std::size_t nth = 1;
  };
  const std::string almost(195, 'x');  // 200 bytes are shown
  const std::vector<Row> rows = {
      {"STAT", "+OK hello jane, " + odd_secret + "\r\n",
       "is not understood: \"hello jane, ***\" (answer to STAT)", 3},
      {"STAT", "+OK " + almost + odd_secret + "\r\n", "is not understood: \"" + almost + "***\"", 3},
      {"RETR 1", "? " + odd_secret + "\r\n", "neither +OK nor -ERR: \"? ***\""},
      {"RETR 1", almost + odd_secret + "\r\n", "neither +OK nor -ERR: \"" + almost + "***\""},
      {"RETR 1", "+OK\r\n.\r\n? " + odd_secret + "\r\n", "nobody asked for: \"? ***\""},
      {"RETR 1", "+OK\r\n.\r\n" + almost + odd_secret + "\r\n", "nobody asked for: \"" + almost + "***\""},
      {"UIDL", "+OK\r\n1 " + odd_secret + std::string(100'000, 'u'), "64 KiB: \"1 ***u"},
      {"UIDL", "+OK\r\n" + almost.substr(0, 55) + odd_secret + std::string(100'000, 'u'),
       "64 KiB: \"" + almost.substr(0, 55) + "***uu...\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.shown);
    CHECK(sentence_after(row.command, row.reply, row.nth).find(row.shown) != std::string::npos);
  }
}
