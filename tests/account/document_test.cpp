// SPDX-License-Identifier: MIT
#include "account/document.h"

#include <doctest/doctest.h>

#include "account/config.h"
#include "util/error.h"

using namespace mailhaul;
using account::Node;

namespace {

std::string complaint(std::string_view text) {
  try {
    account::parse(text, "F");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::Kind::config);
    return error.what();
  }
  return "none";
}

/// Every value and key with its place: "1:1{ 1:2a= 1:6'x' }".
std::string places(const Node& node) {
  const auto at = [](account::Position position) {
    return std::to_string(position.line) + ":" + std::to_string(position.column);
  };
  std::string text = at(node.position);
  switch (node.form) {
    case Node::Form::null:
      return text + "null";
    case Node::Form::boolean:
      return text + (node.flag ? "true" : "false");
    case Node::Form::number:
      return text + node.text;
    case Node::Form::text:
      return text + "'" + node.text + "'";
    case Node::Form::list:
      text += "[ ";
      for (const auto& item : node.items) text += places(item) + " ";
      return text + "]";
    case Node::Form::object:
      text += "{ ";
      for (const auto& member : node.members)
        text += at(member.position) + member.key + "= " + places(member.value) + " ";
      return text + "}";
  }
  return text;
}

}  // namespace

TEST_CASE("a tree has the position of each key and value") {
  const struct {
    std::string text, tree;
  } rows[] = {
      {"{}", "1:1{ }"},
      {"\xEF\xBB\xBF{}", "1:1{ }"},
      {" \n\t{ \"a\" : \"x\" }", "2:2{ 2:4a= 2:10'x' }"},
      {"{\"a\":1,\"b\":-2.5e3}", "1:1{ 1:2a= 1:61 1:8b= 1:12-2.5e3 }"},
      {"[1,2 ,3\n]", "1:1[ 1:21 1:42 1:73 ]"},
      {"[12/*x*/,34//y\n,true,false , null]", "1:1[ 1:212 1:1034 2:2true 2:7false 2:15null ]"},
      {"{\"a\\\"b\":\"c\\\\\"}", "1:1{ 1:2a\"b= 1:9'c\\' }"},
      {"{\"\":\"\"}", "1:1{ 1:2= 1:5'' }"},
      {"{\"\xC3\xA4\xE2\x82\xAC\": [true, {\"k\": null}]}",
       "1:1{ 1:2\xC3\xA4\xE2\x82\xAC= 1:8[ 1:9true 1:15{ 1:16k= 1:21null } ] }"},
      {"// first\n/* second \" { */ {\"a\": /* \"no\" */ \"\\u00e9\"} // last",
       "2:18{ 2:19a= 2:35'\xC3\xA9' }"},
      {"18446744073709551616", "1:118446744073709551616"},
  };
  for (const auto& row : rows) CHECK_MESSAGE(places(account::parse(row.text, "F")) == row.tree, row.text);
}

TEST_CASE("a text that is one string is read from its beginning, whatever precedes it in memory") {
  constexpr std::string_view memory = "\\\"x\"";
  CHECK(places(account::parse(memory.substr(1), "F")) == "1:1'x'");
}

TEST_CASE("a comma after the last member or item changes nothing") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{\"a\": 1,}", "{\"a\": 1}"},
      {"[1, // x, ]\n ]", "[1]"},
      {"[\"x\", /* , */ ]", "[\"x\"]"},
      {"{\"a\": [true, {\"b\": null,},],}", "{\"a\": [true, {\"b\": null}]}"},
      {"[[], {},]", "[[], {}]"},
      {"[\",]\", \"\\\",}\", \"//\",]", "[\",]\", \"\\\",}\", \"//\"]"},
  };
  for (const auto& [with, without] : rows)
    CHECK_MESSAGE(account::write(account::parse(with, "F"), account::Layout::one_line) ==
                      account::write(account::parse(without, "F"), account::Layout::one_line),
                  with);
  CHECK(places(account::parse("{\"a\": [1,\n 2, ],\n \"b\": 3,}", "F")) ==
        places(account::parse("{\"a\": [1,\n 2  ],\n \"b\": 3 }", "F")));
}

TEST_CASE("invalid JSON is reported with its position, in one sentence") {
  const struct {
    std::string text, sentence;
  } rows[] = {
      {"", "F:1:1: the file is empty"},
      {" \n // nothing\n", "F:3:1: the file is empty"},
      {"{", "F:1:2: the file ends too early: '}' expected"},
      {"{\"a\": [1", "F:1:9: the file ends too early: ']' expected"},
      {"{\"a\": 1,\n", "F:2:1: the file ends too early: '}' expected"},
      {"{\"a\": 1,]", "F:1:9: unexpected ']'"},
      {"[1,,]", "F:1:4: there is one comma too many"},
      {"[,]", "F:1:2: there is one comma too many"},
      {"[1,] ]", "F:1:6: there is more text after the end of the configuration"},
      {"{},", "F:1:4: there is more text after the end of the configuration"},
      {"{\"a\",}", "F:1:6: a ':' is missing after the key"},
      {"[1, /* x ]", "F:1:5: a comment is not closed, or begins with neither // nor /*"},
      {"{\"a\": [1, // ]\n 2, ],\n \"b\": x }",
       "F:3:7: expected a string in double quotes, a number, true, false, [ or {"},
      {"{\"a\": 1\n \"b\": 2}", "F:2:2: a comma is missing"},
      {"{\"a\": \"x\" // y\n \"b\": 2}", "F:2:2: a comma is missing"},
      {"[1 2]", "F:1:4: a comma is missing"},
      {"[1,,2]", "F:1:4: there is one comma too many"},
      {"{,}", "F:1:2: there is one comma too many"},
      {"{\"a\" 1}", "F:1:6: a ':' is missing after the key"},
      {"{\"a\"}", "F:1:5: a ':' is missing after the key"},
      {"{\"a\":}", "F:1:6: unexpected '}'"},
      {"{a: 1}", "F:1:2: keys must be in double quotes"},
      {"{\"x\": 1, // c\n a: 1}", "F:2:2: keys must be in double quotes"},
      {"{'a': 1}", "F:1:2: strings must be in double quotes"},
      {"{\"a\": 'x'}", "F:1:7: strings must be in double quotes"},
      {"{\"a\": \xE2\x80\x9Chunter2\xE2\x80\x9D}", "F:1:7: strings must be in double quotes"},
      {"{ # c\n}", "F:1:3: a comment begins with // or /*"},
      {"{\"a\": hunter2}", "F:1:7: expected a string in double quotes, a number, true, false, [ or {"},
      {"{\"a\": tru}", "F:1:7: expected a string in double quotes, a number, true, false, [ or {"},
      {"{\"a\": \"hunter2\n}", "F:1:7: a string is not closed before the end of its line"},
      {"{\"a\": \"hunter2", "F:1:7: a string is not closed before the end of its line"},
      {"{\"a\": \"hun\tter2\"}", "F:1:7: a string contains a control character"},
      {"{\"a\": \"hunter\\2\"}",
       "F:1:7: a string contains a backslash escape that JSON does not have (write \\\\ for a backslash)"},
      {"{\"a\": \"hunter\\u12\"}",
       "F:1:7: a string contains a backslash escape that JSON does not have (write \\\\ for a backslash)"},
      {"{\"a\": \"hunter\xE4\"}", "F:1:7: a string contains a byte that is not UTF-8"},
      {"{\"a\": \"hunter\xE4z\"}", "F:1:7: a string contains a byte that is not UTF-8"},
      {"{\"hunter", "F:1:2: a string is not closed before the end of its line"},
      {"{} x", "F:1:4: there is more text after the end of the configuration"},
      {"{}}", "F:1:3: there is more text after the end of the configuration"},
      {"{} {}", "F:1:4: there is more text after the end of the configuration"},
      {"{ /* x", "F:1:3: a comment is not closed, or begins with neither // nor /*"},
      {"{ / x }", "F:1:3: a comment is not closed, or begins with neither // nor /*"},
      {"{\"a\": 1, \"b\": 2, \"a\": 3}", "F:1:18: the key \"a\" appears twice"},
      {"{\"a\": {\"x\": 1}, \"b\": {\"x\": 1, \"x\": 2}}", "F:1:31: the key \"x\" appears twice"},
      {std::string(33, '['), "F:1:33: nested too deeply"},
      {std::string("{\0}", 3), "F:1:2: keys must be in double quotes"},
  };
  for (const auto& row : rows) {
    const auto said = complaint(row.text);
    CHECK_MESSAGE(said == row.sentence, row.text);
    CHECK(said.find("hunter") == std::string::npos);
  }
}

TEST_CASE("every beginning of a text is refused without harm") {
  const std::string text =
      "{ // c\n \"a\": [1, 2.5e3, true], /* d */ \"\xC3\xA9\": {\"k\": \"v\\n\\u00e9\"} }";
  REQUIRE(complaint(text) == "none");
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_MESSAGE(complaint(text.substr(0, size)).starts_with("F:"), size);
}

TEST_CASE("a tree is written as it is read") {
  Node object{.form = Node::Form::object};
  object.add("text", Node::of("a \"b\"\n"))
      .add("flag", Node::of_flag(true))
      .add("number", Node::of_number(7));
  object.add("list", Node::of_list({Node::of("x"), Node::of_flag(false)}));
  const auto text = account::write(object);
  CHECK(text ==
        "{\n  \"text\": \"a \\\"b\\\"\\n\",\n  \"flag\": true,\n  \"number\": 7,\n  \"list\": [\n    \"x\",\n"
        "    false\n  ]\n}\n");
  CHECK(account::write(account::parse(text, "F")) == text);
}
