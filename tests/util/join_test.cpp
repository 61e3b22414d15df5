// SPDX-License-Identifier: MIT
#include "util/join.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using namespace mailhaul::util;

TEST_CASE("names are joined with commas between them") {
  CHECK(joined(std::vector<std::string>{}).empty());
  CHECK(joined(std::vector<std::string_view>{"one"}) == "one");
  CHECK(joined(std::vector<std::string>{"one", "two", "three"}) == "one, two, three");
  CHECK(joined(std::vector<std::string>{"one", "two"}, {}, " or ") == "one or two");
}

TEST_CASE("the last of several texts in a sentence follows a word") {
  CHECK(in_words(std::vector<std::string>{}, " or ").empty());
  CHECK(in_words(std::vector<std::string>{"one"}, " or ") == "one");
  CHECK(in_words(std::vector<std::string_view>{"one", "two"}, " and ") == "one and two");
  CHECK(in_words(std::vector<std::string>{"one", "two", "three"}, " or ") == "one, two or three");
}

TEST_CASE("what is joined may be made from each item, by a member or a function") {
  struct Row {
    std::string name;
  };
  const std::vector<Row> rows{{"one"}, {"two"}};
  CHECK(joined(rows, &Row::name) == "one, two");
  CHECK(joined(rows, [](const Row& row) { return "'" + row.name + "'"; }) == "'one', 'two'");
}
