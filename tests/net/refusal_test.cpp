// SPDX-License-Identifier: MIT
#include "net/refusal.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/cpp/text.h"

namespace {

using namespace std::chrono_literals;
using mailhaul::net::blames_the_way;
using mailhaul::net::Reason;
using mailhaul::net::response_code;
using mailhaul::net::understand;
using mailhaul::test::contains;
using mailhaul::util::Kind;

TEST_CASE("a response code is the text in brackets at the beginning, in upper case") {
  struct Row {
    std::string text, code;
  };
  const std::vector<Row> rows = {
      {"[SYS/TEMP] try later", "SYS/TEMP"},
      {"[sys/temp] try later", "SYS/TEMP"},
      {" [AUTH] no", "AUTH"},
      {"[X-Z]", "X-Z"},
      {"no code here", ""},
      {"later [AUTH]", ""},
      {"[AUTH", ""},
      {"[] nothing", ""},
      {"[a b] blank", ""},
      {"[a\x1b[0m] control", ""},
      {"[" + std::string(100, 'x') + "] endless", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(response_code(row.text) == row.code);
  }
}

TEST_CASE("a refusal is understood by its code first and by well-known words second") {
  struct Row {
    std::string text;
    Kind kind;
  };
  const std::vector<Row> rows = {
      {"[AUTH] bad password", Kind::login},
      {"[AUTH] server busy", Kind::login},
      {"[IN-USE] held by another session", Kind::temporary},
      {"[LOGIN-DELAY] minimum time between logins", Kind::temporary},
      {"[SYS/TEMP] disk trouble", Kind::temporary},
      {"[SYS/ELSE] new word", Kind::temporary},
      {"[SYS/PERM] mailbox moved", Kind::unavailable},
      {"[sys/perm] mailbox moved", Kind::unavailable},
      {"[X-OWN] maildrop already locked", Kind::temporary},
      {"maildrop already locked", Kind::temporary},
      {"Unable to LOCK maildrop", Kind::temporary},
      {"mailbox in use", Kind::temporary},
      {"server busy", Kind::temporary},
      {"temporary failure", Kind::temporary},
      {"too many connections from you", Kind::temporary},
      {"account locked out", Kind::content},
      {"your address is blocked", Kind::content},
      {"authentication failed: clock skew too great", Kind::content},
      {"authentication failed", Kind::content},
      {"", Kind::content},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(understand(row.text, Kind::content).kind == row.kind);
  }
}

TEST_CASE("words of limits, quotas, throttling and time-outs mean a limit, whatever was asked") {
  const std::vector<std::string> limits = {
      "Exceeded the login limit for a 15 minute period. Reduce the frequency of requests to the POP3 server.",
      "Request is throttled. Suggested Backoff Time: 299972 milliseconds",
      "Download exceed. msg=10",
      "POP timeout",
      "Session timed out",
      "Too many simultaneous connections",
      "Too many login attempts, go away",
      "Too Many Requests",
      "mailbox over quota",
      "Daily bandwidth QUOTA used up",
      "[SYS/TEMP] Account exceeded command or bandwidth limits.",
      "[LOGIN-DELAY] minimum time between mail checks violation",
      "[X-OWN] rate limited",
      "login rate-limit hit",
      "login frequency limited",
      "connection limit reached",
      "you are checking your mail too often",
      "polling too frequently",
      "slow down, please",
      "please wait before the next login",
  };
  for (const auto& words : limits) {
    for (const auto otherwise : {Kind::login, Kind::content, Kind::protocol}) {
      CAPTURE(words);
      const auto refusal = understand(words, otherwise);
      CHECK(refusal.reason == Reason::limit);
      CHECK(refusal.kind == Kind::temporary);
      CHECK_FALSE(contains(refusal.hint, "password"));
      CHECK_FALSE(contains(refusal.hint, "mark-seen"));
      CHECK_FALSE(refusal.hint.empty());
    }
  }
}

TEST_CASE("words that only sound like a limit are none") {
  const std::vector<std::string> others = {
      "[AUTH] too many wrong passwords",
      "POP3 is limited to paying customers",
      "your unlimited plan has ended",
      "the password exceeds 64 characters",
      "command exceeds the maximum length",
      "wrong password, try again",
      "authentication failed",
  };
  for (const auto& words : others) {
    CAPTURE(words);
    const auto refusal = understand(words, Kind::login);
    CHECK(refusal.reason != Reason::limit);
    CHECK(refusal.kind == Kind::login);
    CHECK_FALSE(refusal.pause);
  }
}

TEST_CASE("the time that a server names is taken from its words") {
  struct Row {
    std::string text;
    std::optional<std::chrono::seconds> pause;
  };
  const std::vector<Row> rows = {
      {"Exceeded the login limit for a 15 minute period.", 15min},
      {"Request is throttled. Suggested Backoff Time: 299972 milliseconds", 300s},
      {"throttled, retry after 500 ms", 1s},
      {"[LOGIN-DELAY] 10-minute pause between logins", 10min},
      {"[LOGIN-DELAY] wait 90s", 90s},
      {"too many logins: 100 in 1 Hour(s)", 1h},
      {"quota of 500 MB used up, come back in 2 days", 24h},
      {"too many, wait 1.5 minutes", 1min},
      {"[SYS/TEMP] try again in 30 SECONDS", 30s},
      {"too many, wait 99999999999999999999 seconds, or 5 minutes", 5min},
      {"too many, wait 18446744073709551615 hours", 24h},
      {"too many, wait 0 seconds", std::nullopt},
      {"Download exceed. msg=10", std::nullopt},
      {"too many connections (10) from 10.1.2.3", std::nullopt},
      {"wrong password, 3 seconds", std::nullopt},
      {"[AUTH] wait 15 minutes", 15min},
      {"[AUTH] Invalid login. Try again in 10 minutes.", 10min},
      {"wrong password (2 seconds); retry after 1 hour", 2s},
      {"[AUTH] failed after 3 seconds", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(understand(row.text, Kind::login).pause == row.pause);
  }
}

TEST_CASE("a message that was removed by somebody else is told apart from one that is refused") {
  for (const std::string words :
       {"Message 3 expunged", "message has been deleted", "Message 4 no longer exists",
        "that message is already deleted", "Message 2 deleted", "message 2 is gone", "no such message",
        "No such message, only 3 messages in maildrop", "Message 3 does not exist",
        "message #3 doesn't exist", "message has been removed"}) {
    CAPTURE(words);
    CHECK(understand(words, Kind::content).reason == Reason::gone);
  }
  for (const std::string words :
       {"no such command", "the message store does not exist", "message refused: the mailbox does not exist",
        "does not exist", "your account has been deleted", "message is corrupt"}) {
    CAPTURE(words);
    CHECK(understand(words, Kind::content).reason == Reason::unknown);
  }
}

TEST_CASE("a hint says what can be done about a refusal") {
  struct Row {
    std::string text;
    Kind otherwise;
    std::string part;
  };
  const std::vector<Row> rows = {
      {"[AUTH] wrong password", Kind::protocol, "check user name and password"},
      {"no", Kind::login, "check user name and password"},
      {"[AUTH] Plaintext authentication disallowed", Kind::login, "without encryption"},
      {"Application-specific password required", Kind::login, "app password"},
      {"POP access is not enabled", Kind::login, "switched on"},
      {"[SYS/PERM] Your account is not enabled for POP access", Kind::login, "switched on"},
      {"[IN-USE] ...", Kind::login, "another program"},
      {"maildrop locked", Kind::content, "another program"},
      {"[LOGIN-DELAY] ...", Kind::login, "fetch less often"},
      {"throttled for 15 minutes", Kind::login, "15m"},
      {"POP timeout", Kind::content, "the next run"},
      {"[SYS/PERM] ...", Kind::content, "administrator"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(contains(understand(row.text, row.otherwise).hint, row.part));
  }
  CHECK(understand("[SYS/TEMP] disk trouble", Kind::login).hint.empty());
  CHECK(understand("anything", Kind::protocol).hint.empty());
  CHECK(understand("corrupt", Kind::temporary).hint.empty());
}

TEST_CASE(
    "only words about the command blame the way; with words about who logs in, the credentials may be "
    "wrong") {
  for (const std::string words :
       {"unknown command", "Protocol error. Connection is closed. 10", "Syntax error",
        "command not implemented", "Unsupported authentication mechanism",
        "authentication mechanism is not supported", "504 Unrecognized authentication type", "line too long",
        "invalid base64", "Command is not valid in this state.", "no such command", "not a valid command"}) {
    CAPTURE(words);
    CHECK(blames_the_way(words));
  }
  for (const std::string words :
       {"user not recognized", "Unrecognized mailbox", "login not recognised", "bad command or password",
        "authentication failed, invalid parameters", "PLAIN authentication mechanism failed",
        "Authentication failed: unknown command or wrong secret", "invalid logon parameter",
        "unsupported log in", "unsupported authentication mechanism, or wrong password",
        "malformed user name", "[AUTH] unknown command", "authentication failed", "no", ""}) {
    CAPTURE(words);
    CHECK_FALSE(blames_the_way(words));
  }
}

}  // namespace
