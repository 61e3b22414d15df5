// SPDX-License-Identifier: MIT
#include "util/shell.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("words are quoted if a shell would split them") {
  CHECK(shell_word("/home/anna/state.db-wal") == "/home/anna/state.db-wal");
  CHECK(shell_word("my mail's") == "'my mail'\\''s'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("words are split as in a shell, and nothing is expanded") {
  using Words = std::vector<std::string>;
  CHECK(split_words("procmail -a %a") == Words{"procmail", "-a", "%a"});
  CHECK(split_words("  a\t'b  c' \"d \\\" \\x\" e\\ f '' ") == Words{"a", "b  c", "d \" \\x", "e f", ""});
  CHECK(split_words("$HOME *.c `x`") == Words{"$HOME", "*.c", "`x`"});
  CHECK(split_words("") == Words{});
  for (const auto* open : {"'a", "\"a", "a\\"}) CHECK_FALSE(split_words(open));
}
