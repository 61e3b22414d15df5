// SPDX-License-Identifier: MIT
#include "util/nearest.h"

#include <doctest/doctest.h>

#include <vector>

using namespace mailhaul::util;

TEST_CASE("the nearest name is suggested only if it is close") {
  const std::vector<std::string_view> names{"leave_on_server", "max_size", "deliver"};
  CHECK(nearest("max_szie", names) == "max_size");
  CHECK(nearest("delivre", names) == "deliver");
  CHECK(nearest("Deliver", names) == "deliver");
  CHECK(nearest("colour", names).empty());
}

TEST_CASE("two letters in the wrong order are one mistake") {
  const std::vector<std::string_view> names{"fetch", "check", "list"};
  CHECK(nearest("ftech", names) == "fetch");
  CHECK(nearest("chekc", names) == "check");
  CHECK(nearest("lsit", names) == "list");
  CHECK(nearest("tfeth", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("x", {}).empty());
}

TEST_CASE("a name of one letter is not close to another letter") {
  const std::vector<std::string_view> names{"a"};
  CHECK(nearest("a", names) == "a");
  CHECK(nearest("A", names) == "a");
  CHECK(nearest("7", names).empty());
  CHECK(nearest("ab", names) == "a");
  CHECK(nearest("12", names).empty());
}
