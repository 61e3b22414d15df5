// SPDX-License-Identifier: MIT
// The lists of fetched messages, and the file that accounts are added to.
#include "around.h"
#include "setup/profile_text.h"

using namespace mailhaul;
using namespace std::string_literals;
using setup::Draft;

namespace {

Draft the_draft() {
  return Draft{.name = "x", .poll_name = "box", .host = "pop.example", .user = "anna@example"};
}

std::string list(std::string_view program, std::string_view text) {
  std::string all;
  try {
    for (const auto& known : setup::find_program(program)->read_list("L", text, the_draft()))
      all += known.uid +
             (known.fetched ? "@" + std::to_string(known.fetched->time_since_epoch().count()) : "") + " ";
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::Kind::config);
    CHECK(error.hint().find("nothing was taken over") != std::string::npos);
    return error.what();
  }
  return all;
}

}  // namespace

TEST_CASE("lists: the messages of one mailbox, each once, with their times") {
  CHECK(list("fetchmail",
             "anna@example@pop.example 1\nANNA@example@box 2@x rest\n  other@box 3\nanna@example@box 1\n") ==
        "1 2@x ");
  CHECK(list("getmail",
             "b\0"
             "1700000000\na\0"
             " 700000000 \n\n"s) == "a@700000000 b@1700000000 ");
  CHECK(list("mpop", "# top\n 2 pop.example anna@example\na b\nc 1700000000\n 1 other anna@example\nd\n") ==
        "a b c@1700000000 ");
  CHECK(list("fdm", "3 a b\n1 c\n3 d\nd\n") == "a b c d\nd ");
  CHECK(list("fdm", "") == "");
  CHECK(list("mpop", "# top\r\n 2 pop.example anna@example\r\na\r\nc 1700000000\r\n") == "a c@1700000000 ");
  for (const auto& [program, text] :
       {std::pair("fetchmail", "anna@example@pop.example 1\n"s), std::pair("getmail", "1\0001700000000\n"s),
        std::pair("mpop", " 1 pop.example anna@example\n1\n"s), std::pair("fdm", "1 1\n"s)})
    CHECK(list(program, "\xEF\xBB\xBF" + text) == list(program, text));
}

TEST_CASE("lists: what is damaged is refused as a whole, with its line") {
  struct Row {
    const char *program, *text, *complaint;
  };
  for (const auto& [program, text, complaint] :
       {Row{"fetchmail", "a@b 1\nno uid\n", "L:2 is damaged"}, Row{"fetchmail", "a@b\n", "L:1 is damaged"},
        Row{"getmail", "uid\n", "L:1 is damaged"}, Row{"mpop", " 2 h u\na\n", "L:2 is damaged"},
        Row{"mpop", " 2 h u\na\n 1 h v\nb\n", "L:3 is damaged"}, Row{"mpop", "x\n", "L:1 is damaged"},
        Row{"mpop", " 0 h u\n", "L:1 is damaged"}, Row{"fdm", "9 abc\n", "L:1 is damaged"},
        Row{"fdm", "3 abcd\n", "L:1 is damaged"}, Row{"fdm", "3 abc\nx abc\n", "L:2 is damaged"},
        Row{"fdm", "99999999999999999999 a\n", "L:1 is damaged"}})
    test::requires_in(list(program, text), {complaint});
  test::requires_in(list("getmail", "a\0x\n"s), {"not a number of seconds"});
  for (const auto& text : {"a\0001700000000\nu2\0 17\n"s, "b\0001700000000\nu2\0000\n"s})
    test::requires_in(list("getmail", text),
                      {"L:2 is damaged", "not a number of seconds since 1970, or is before 1990"});
}

TEST_CASE("lists: a last line that was cut off is refused") {
  test::requires_in(list("getmail", "u1\0001700000000\nu2\0001700000"s), {"L:2 is damaged", "cut off"});
  test::requires_in(list("fetchmail", "anna@example@pop.example 11\nanna@example@pop.example 1"),
                    {"L:2 is damaged", "cut off"});
  test::requires_in(list("mpop", " 2 pop.example anna@example\na\nb"), {"L:3 is damaged", "cut off"});
  test::requires_in(list("mpop", " 1 pop.example anna@example\na\n 1 pop.exam"),
                    {"L:3 is damaged", "cut off"});
  for (const auto* cut : {"3 abc\n5 ab", "3 abc\n5 ", "3 abc\n5"})
    test::requires_in(list("fdm", cut), {"L:2 is damaged", "cut off"});
}

TEST_CASE("profile text: accounts are added behind the last one, and everything else stays") {
  account::Node keys{.form = account::Node::Form::object};
  keys.add("user", account::Node::of("u"));
  const std::string added = "\n    \"new\": {\n      \"user\": \"u\"\n    }";
  struct Row {
    std::string before, after;
  };
  for (const auto& [before, after] :
       {Row{"{\"accounts\": {\"a\": {}}}", "{\"accounts\": {\"a\": {}," + added + "\n  }}"},
        Row{"{\n \"accounts\": {\n  \"a\": { \"x\": \"}\" }, // c\n  // }\n }\n}\n",
            "{\n \"accounts\": {\n  \"a\": { \"x\": \"}\" }, // c" + added + "\n  // }\n }\n}\n"},
        Row{"{\"accounts\": {} /* e */}", "{\"accounts\": {" + added + "\n  } /* e */}"},
        Row{"// \"accounts\": {\n{\"x\": {\"accounts\": {\"y\":1}}, \"s\": \"accounts\",\n\"accounts\": "
            "{\"a\": 1\n}}",
            "// \"accounts\": {\n{\"x\": {\"accounts\": {\"y\":1}}, \"s\": \"accounts\",\n\"accounts\": "
            "{\"a\": 1," +
                added + "\n}}"}}) {
    CHECK(setup::with_profiles(before, {{"new", keys}}) == after);
    CHECK(account::parse(after, "F").member("accounts") != nullptr);
  }
  CHECK(setup::with_profiles("", {{"new", keys}}) == "{\n  \"accounts\": {" + added + "\n  }\n}\n");
}
