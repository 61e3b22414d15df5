// SPDX-License-Identifier: MIT
#include "net/refusal.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using mailhaul::net::hint_for_refusal;
using mailhaul::net::kind_of_refusal;
using mailhaul::net::response_code;
using mailhaul::util::Kind;

TEST_CASE("a response code is what stands in brackets at the beginning, in upper case") {
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

TEST_CASE("a refusal is sorted by its code first and by well-known words second") {
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
      {"authentication failed", Kind::content},
      {"", Kind::content},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(kind_of_refusal(row.text, Kind::content) == row.kind);
  }
}

TEST_CASE("a hint says what can be done about a refusal") {
  struct Row {
    std::string text;
    Kind kind;
    std::string part;
  };
  const std::vector<Row> rows = {
      {"[AUTH] wrong password", Kind::login, "check user name and password"},
      {"[AUTH] Plaintext authentication disallowed", Kind::login, "clear text"},
      {"Application-specific password required", Kind::login, "app password"},
      {"POP access is not enabled", Kind::login, "switched on"},
      {"[IN-USE] ...", Kind::temporary, "another program"},
      {"maildrop locked", Kind::temporary, "another program"},
      {"[LOGIN-DELAY] ...", Kind::temporary, "poll less often"},
      {"[SYS/PERM] ...", Kind::unavailable, "administrator"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(hint_for_refusal(row.text, row.kind).find(row.part) != std::string::npos);
  }
  CHECK(hint_for_refusal("[SYS/TEMP] disk trouble", Kind::temporary).empty());
  CHECK(hint_for_refusal("anything", Kind::protocol).empty());
}

}  // namespace
