// SPDX-License-Identifier: MIT
// Listings that are refused, make no sense or do not end.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pop3/session.h"
#include "support/cpp/memory_server.h"
#include "util/error.h"

using namespace mailhaul;
using test::MemoryServer;

namespace {

using MaybeReply = std::optional<MemoryServer::Reply>;

std::vector<test::StoredMessage> five_messages() { return {5, test::StoredMessage{"uid", "A: 1\r\n\r\n"}}; }

/// Sends `reply` in place of the answer to `command`.
MemoryServer::Misbehaviour answers(std::string command, MemoryServer::Reply reply) {
  return [command = std::move(command), reply = std::move(reply)](const std::string& got,
                                                                  std::size_t) -> MaybeReply {
    if (got == command) return reply;
    return std::nullopt;
  };
}

/// Returns the error to which the server's listing leads.
util::Error failure_of(MemoryServer& server) {
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"}});
  try {
    static_cast<void>(session.listing());
  } catch (const util::Error& error) {
    return error;
  }
  return {util::Kind::internal, "none"};
}

}  // namespace

TEST_CASE("a listing without a message is believed only if nothing speaks against it") {
  struct Case {
    std::string stat, list, uidl;
    std::string sentence;  ///< a part of the error; empty: none, the maildrop is empty
  };
  const std::string none = "+OK\r\n.\r\n", garbage = "+OK\r\nhello there\r\n.\r\n";
  const std::string uids = "+OK\r\n1 a\r\n2 b\r\n.\r\n";
  const std::string no_sense = "has a malformed line: \"hello there\"",
                    only_uids = "although UIDL names some";
  const std::vector<Case> cases{
      {"+OK 0 0\r\n", none, none, ""},
      {"+OK 0 0\r\n", none, uids, ""},  // these messages arrived after LIST
      {"+OK 0 0\r\n", garbage, none, ""},
      {"+OK 0 0\r\n", garbage, uids, no_sense},
      {"+OK 2 9\r\n", none, uids, "counts 2 messages and lists none"},
      {"+OK 2 9\r\n", garbage, uids, no_sense},
      {"-ERR no\r\n", none, none, ""},
      {"-ERR no\r\n", none, uids, only_uids},
      {"+OK what\r\n", none, uids, only_uids},
      {"+OK what\r\n", garbage, none, no_sense},
  };
  for (const auto& one : cases) {
    CAPTURE(one.stat);
    CAPTURE(one.list);
    CAPTURE(one.uidl);
    MemoryServer server(five_messages());
    server.misbehave = [&](const std::string& command, std::size_t) -> MaybeReply {
      if (command == "STAT") return one.stat;
      if (command == "LIST") return one.list;
      if (command == "UIDL") return one.uidl;
      return std::nullopt;
    };
    const auto failure = failure_of(server);
    const std::string sentence = failure.what();
    CAPTURE(sentence);
    CHECK((failure.kind() == util::Kind::internal) == one.sentence.empty());
    CHECK(sentence.find(one.sentence) != std::string::npos);
  }
}

TEST_CASE("a listing with fewer messages than STAT or UIDL tell of can be used, and says what differs") {
  struct Case {
    std::string stat, list, uidl, expected;  ///< expected: empty: nothing is missing
  };
  const std::string three = "1 a\r\n2 b\r\n3 c\r\n",
                    nonsense = "has a malformed line: \"hello\" (answer to LIST)";
  const std::string both = " (answers to LIST and UIDL)";
  const std::string fewer = "the server counts 3 messages and lists 1 (answers to STAT and LIST)";
  const std::vector<Case> cases{
      {"+OK 3 99", "1 9\r\n", three, fewer},
      {"+OK 3 99", "2 9\r\n", three, fewer},
      {"+OK 3 99", "1 9\r\n", "1 a\r\n", fewer},
      {"+OK 3 99", "3 9\r\n", "", fewer},
      {"+OK 3 99", "1 9\r\n1 9\r\n", three, fewer},
      {"+OK 3 99", "1 9\r\nhello\r\nx y\r\n", three, nonsense},
      {"+OK 1 99", "hello\r\n1 9\r\n", three, nonsense},
      {"-ERR no", "1 9\r\nhello\r\n", "1 a\r\n", nonsense},
      {"+OK what", "1 9\r\n", three, "lists 1 message, although UIDL names others" + both},
      {"+OK 2 99", "1 9\r\n3 9\r\n", three, "lists 2 messages, although UIDL names others" + both},
      {"+OK 1 99", "2 9\r\n3 9\r\n", three, "lists 2 messages, although UIDL names others" + both},
      {"+OK 1 99", "1 9\r\n", three, ""},  // the others arrived after LIST
      {"+OK 1 99", "1 9\r\n2 9\r\n", three, ""},
      {"+OK 0 0", "1 9\r\n", "1 a\r\n", ""},
      {"+OK 1 99", "1 9\r\ntotal: 1\r\n", "1 a\r\n", ""},
      {"+OK 1 99", "1 9\r\n", "hello\r\n", ""},
      {"+OK", "1 9\r\n", "1 a\r\nhello\r\n", ""},
      {"-ERR no", "1 9\r\n", "1 a\r\n", ""},
  };
  for (const bool pipelining : {true, false}) {
    for (const auto& one : cases) {
      CAPTURE(pipelining);
      CAPTURE(one.stat);
      CAPTURE(one.list);
      CAPTURE(one.uidl);
      MemoryServer server(five_messages());
      server.options.pipelining = pipelining;
      server.misbehave = [&](const std::string& command, std::size_t) -> MaybeReply {
        if (command == "STAT") return one.stat + "\r\n";
        if (command == "LIST") return "+OK\r\n" + one.list + ".\r\n";
        if (command == "UIDL") return "+OK\r\n" + one.uidl + ".\r\n";
        return std::nullopt;
      };
      const auto stream = server.open();
      pop3::Session session(*stream, {.capabilities = server.capabilities()});
      CHECK_FALSE(session.listing().empty());
      const auto& faults = session.listing_faults();
      CAPTURE(faults.contradiction);
      CHECK(faults.contradiction.empty() == one.expected.empty());
      CHECK(faults.contradiction.ends_with(one.expected));
      if (!one.expected.empty()) CHECK(faults.may_be_incomplete);
    }
  }
}

TEST_CASE("a refused LIST is an error, unless the mailbox is empty") {
  struct Case {
    std::string stat, list;
    std::optional<util::Kind> expected;
  };
  const std::vector<Case> cases{
      {"+OK 0 0\r\n", "-ERR no messages\r\n", std::nullopt},
      {"+OK 3 99\r\n", "-ERR out of order\r\n", util::Kind::temporary},
      {"-ERR\r\n", "-ERR\r\n", util::Kind::temporary},
      {"+OK\r\n", "-ERR no\r\n", util::Kind::temporary},
      {"+OK 3 99\r\n", "-ERR [SYS/TEMP] later\r\n", util::Kind::temporary},
  };
  for (const auto& one : cases) {
    CAPTURE(one.stat);
    CAPTURE(one.list);
    MemoryServer server(five_messages());
    server.misbehave = [&](const std::string& command, std::size_t) -> MaybeReply {
      if (command == "STAT") return one.stat;
      if (command == "LIST") return one.list;
      return std::nullopt;
    };
    const auto stream = server.open();
    pop3::Session session(*stream, {.capabilities = server.capabilities()});
    std::optional<util::Kind> kind;
    try {
      const auto listed = session.listing();
      CHECK(listed.empty());
    } catch (const util::Error& error) {
      kind = error.kind();
      CHECK(std::string(error.what()).starts_with("the server refused LIST: -ERR"));
    }
    CHECK((kind == one.expected));
  }
}

TEST_CASE("a refused UIDL means a server without UIDL, unless the refusal is temporary") {
  MemoryServer server(five_messages());
  server.misbehave = answers("UIDL", "-ERR what\r\n");
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = server.capabilities()});
  CHECK(session.listing().size() == 5);
  CHECK_FALSE(session.capabilities().uidl);
  CHECK(session.listing_faults().uidl_refusal == "what");
  server.misbehave = answers("UIDL", "-ERR Request is throttled\r\n");
  CHECK_THROWS_WITH(session.listing(), "the server refused UIDL: -ERR Request is throttled");
  server.misbehave = nullptr;
  CHECK(session.listing().size() == 5);
  CHECK_FALSE(session.listing_faults().uidl_refusal);
  server.misbehave = answers("UIDL", "-ERR [SYS/TEMP] index busy\r\n");
  CHECK_THROWS_WITH(session.listing(), "the server refused UIDL: -ERR [SYS/TEMP] index busy");
}

TEST_CASE("a listing that makes no sense is an error that quotes it, unless there is no mail") {
  struct Case {
    std::string stat, list, uidl, expected;
  };
  const std::string no_sense = "the server's listing has a malformed line: ";
  const std::vector<Case> cases{
      {"+OK 3 99\r\n", "hello there\r\n", "1 a\r\n", no_sense + "\"hello there\" (answer to LIST)"},
      {"+OK 3 99\r\n", "\r\n<html>\x1b\r\n", "", no_sense + "\"\" (answer to LIST)"},
      {"+OK 3 99\r\n", "0 10\r\n-1 10\r\n", "1 a\r\n", no_sense + "\"0 10\" (answer to LIST)"},
      {"+OK\r\n", "\x1b[2J\r\n", "", no_sense + "\"\\x1b[2J\" (answer to LIST)"},
      {"+OK 3 99\r\n", "", "hello there\r\n", no_sense + "\"hello there\" (answer to UIDL)"},
      {"+OK 3 99\r\n", "", "1 a\r\n",
       "the server counts 3 messages and lists none (answers to STAT and LIST)"},
      {"+OK 1 99\r\n", "", "", "the server counts 1 message and lists none (answers to STAT and LIST)"},
      {"+OK what\r\n", "", "1 a\r\n",
       "the server lists no message, although UIDL names some (answers to LIST and UIDL)"},
      {"+OK 0 0\r\n", "hello there\r\n", "", ""},
      {"+OK 0 0\r\n", "", "", ""},
      {"-ERR\r\n", "", "", ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.stat);
    CAPTURE(one.list);
    MemoryServer server(five_messages());
    server.misbehave = [&](const std::string& command, std::size_t) -> MaybeReply {
      if (command == "STAT") return one.stat;
      if (command == "LIST") return "+OK\r\n" + one.list + ".\r\n";
      if (command == "UIDL") return "+OK\r\n" + one.uidl + ".\r\n";
      return std::nullopt;
    };
    const auto stream = server.open();
    pop3::Session session(*stream, {.capabilities = server.capabilities()});
    std::string sentence;
    try {
      const auto listed = session.listing();
      CHECK(listed.empty());
    } catch (const util::Error& error) {
      CHECK(error.kind() == util::Kind::protocol);
      sentence = error.what();
    }
    CHECK(sentence == one.expected);
  }
}

TEST_CASE("an endless list is cut off long before it takes much memory") {
  const std::string thousand = [] {
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "1 1\r\n";
    return lines;
  }();
  std::string reply = "+OK\r\n";
  for (int i = 0; i < 101; ++i) reply += thousand;
  MemoryServer server(five_messages());
  server.misbehave = answers("LIST", reply);
  const auto failure = failure_of(server);
  CHECK(failure.kind() == util::Kind::protocol);
  CHECK(std::string(failure.what()) ==
        "the server's list is too long: it has not ended after 100001 lines with 300003 bytes (answer to "
        "LIST)");
  CHECK(server.count("QUIT") == 0);
}

TEST_CASE("a list as long as STAT announced is not endless") {
  std::string reply = "+OK\r\n";
  for (int n = 1; n <= 150'000; ++n) reply += std::to_string(n) + " 8\r\n";
  MemoryServer server(five_messages());
  server.misbehave = [&](const std::string& command, std::size_t) -> MaybeReply {
    if (command == "STAT") return "+OK 150000 1200000\r\n";
    if (command == "LIST") return reply + ".\r\n";
    return std::nullopt;
  };
  const auto stream = server.open();
  pop3::Session session(*stream, {.capabilities = {"PIPELINING"}});
  CHECK(session.listing().size() == 150'000);
}
