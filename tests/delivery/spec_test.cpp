// SPDX-License-Identifier: MIT
#include "delivery/spec.h"

#include <doctest/doctest.h>

#include <set>

using namespace mailhaul::delivery;
using mailhaul::util::Path;

namespace {

Path at_home(std::string_view path) {
  if (path.starts_with("~/")) return Path("/home/anna") / path.substr(2);
  return Path("/home/anna") / path;
}

Spec maildir(const Path& path) {
  return {.kind = find_kind("maildir"), .values = {{"path", {.text = path.native()}}}};
}

Spec mda(std::vector<std::string> command) {
  return {.kind = find_kind("mda"), .values = {{"command", {.words = std::move(command)}}}};
}

std::string wrong_with(std::string_view text) { return parse_shorthand(text, at_home).wrong; }

const Field& field(std::string_view kind, std::string_view name) {
  const auto* row = find_kind(kind);
  REQUIRE(row != nullptr);
  REQUIRE(find_field(*row, name) != nullptr);
  return *find_field(*row, name);
}

}  // namespace

TEST_CASE("a shorthand becomes a spec") {
  CHECK(parse_shorthand("maildir:~/Mail", at_home).spec == maildir("/home/anna/Mail"));
  CHECK(parse_shorthand("maildir:a:b", at_home).spec == maildir("/home/anna/a:b"));
  CHECK(describe(parse_shorthand("mbox:/var/mail/anna", at_home).spec) == "mbox:/var/mail/anna");
  CHECK(parse_shorthand("mda:procmail -a '%a b'", at_home).spec == mda({"procmail", "-a", "%a b"}));
  CHECK(parse_shorthand("mda:~/bin/sort ~/x", at_home).spec == mda({"/home/anna/bin/sort", "~/x"}));
  CHECK(parse_shorthand("stdout", at_home).spec == Spec{.kind = find_kind("stdout")});
  for (const auto* good : {"maildir:~/Mail", "mbox:m", "mda:x", "stdout", "mda:x %F %T %a %i %s %% a%%F"})
    CHECK_MESSAGE(wrong_with(good) == "", good);
}

TEST_CASE("a wrong shorthand is an error of one sentence") {
  const struct {
    std::string text, sentence;
  } rows[] = {
      {"", "names no destination (kinds: maildir, mbox, mda, stdout)"},
      {"~/Mail", "has no delivery kind; write maildir:PATH or mbox:PATH"},
      {"/var/mail/a:b", "has no delivery kind; write maildir:PATH or mbox:PATH"},
      {"mailder:x", "unknown delivery kind; did you mean \"maildir\"? (kinds: maildir, mbox, mda, stdout)"},
      {"imap:x", "unknown delivery kind (kinds: maildir, mbox, mda, stdout)"},
      {"maildir", "the path is missing (maildir:PATH)"},
      {"maildir:", "the path is missing (maildir:PATH)"},
      {"mbox:", "the path is missing (mbox:PATH)"},
      {"mda:", "the command is missing (mda:COMMAND)"},
      {"mda: ", "the command is empty"},
      {"mda:'' x", "the command is empty"},
      {"mda:procmail 'x", "a quote in the command is not closed"},
      {"mda:procmail -f %u", "unknown %u in the command (known: %F %T %a %i %s %%)"},
      {"mda:procmail %%%", "a word of the command ends with a single %; write %% for a percent sign"},
      {"stdout:", "nothing may follow 'stdout'"},
      {"stdout:x", "nothing may follow 'stdout'"},
  };
  for (const auto& row : rows) CHECK_MESSAGE(wrong_with(row.text) == row.sentence, row.text);
}

TEST_CASE("every field can be set and read back, and accepts its own fallback") {
  for (const auto* kind : kinds()) {
    for (const auto& each : kind->fields) {
      CAPTURE(kind->name);
      CAPTURE(each.name);
      Value value;
      value.flag = each.type == FieldType::boolean;
      if (each.type == FieldType::path) value.text = "/m/x";
      if (each.type == FieldType::words) value.words = {"a", "b c"};
      if (each.type == FieldType::duration) value.text = "7m";
      if (each.type == FieldType::choice) value.text = each.choices.back();
      Spec spec{.kind = kind};
      const auto before = value_of(spec, each.name);
      CHECK(set_field(spec, each, value) == "");
      CHECK(value_of(spec, each.name) == value);
      CHECK_FALSE(before == value);
      if (!each.required) CHECK(set_field(spec, each, before) == "");
    }
  }
}

TEST_CASE("the timeout of an MDA is a time from a second to a day") {
  Spec spec{.kind = find_kind("mda")};
  const auto& timeout = field("mda", "timeout");
  CHECK(duration_of(spec, "timeout") == std::chrono::minutes(5));
  CHECK(set_field(spec, timeout, {.text = "5"}) == "must be a time such as 90s, 15m, 2h");
  CHECK(set_field(spec, timeout, {.text = "0s"}) == "must be a time from 1s to 1d");
  CHECK(set_field(spec, timeout, {.text = "25h"}) == "must be a time from 1s to 1d");
  CHECK(set_field(spec, timeout, {.text = "24h"}) == "");
  CHECK(duration_of(spec, "timeout") == std::chrono::hours(24));
}

TEST_CASE("the lock of an mbox has two possible values") {
  Spec spec{.kind = find_kind("mbox")};
  CHECK(value_of(spec, "lock").text == "fcntl+dotlock");
  CHECK(set_field(spec, field("mbox", "lock"), {.text = "flock"}) == "must be fcntl+dotlock or fcntl");
  CHECK(set_field(spec, field("mbox", "lock"), {.text = "fcntl"}) == "");
  CHECK(value_of(spec, "lock").text == "fcntl");
}

TEST_CASE("a field that a kind does not have is a bug") {
  CHECK_THROWS_AS((void)value_of({.kind = find_kind("stdout")}, "path"), mailhaul::util::Error);
}

TEST_CASE("two destinations are one place if their paths are, or, without a path, their first fields") {
  const auto parse = [](std::string_view text) { return parse_shorthand(text, at_home).spec; };
  CHECK(same_place(parse("maildir:a"), parse("mbox:./a")));
  CHECK(same_place(parse("mda:x y"), parse("mda:x  'y'")));
  CHECK(same_place(parse("stdout"), parse("stdout")));
  CHECK_FALSE(same_place(parse("maildir:a"), parse("maildir:b")));
  CHECK_FALSE(same_place(parse("mda:x y"), parse("mda:x")));
  CHECK_FALSE(same_place(parse("stdout"), parse("mda:stdout")));
  CHECK_FALSE(same_place(parse("maildir:a"), parse("stdout")));
}

TEST_CASE("a spec is described without its arguments, which may be private") {
  CHECK(describe(maildir("/home/anna/Mail")) == "maildir:/home/anna/Mail");
  CHECK(describe(mda({"procmail", "-a", "x"})) == "mda:procmail");
  CHECK(describe(parse_shorthand("stdout", at_home).spec) == "stdout");
}

TEST_CASE("each kind has its own name, and a shorthand fills a required field") {
  std::set<std::string_view> names;
  for (const auto* kind : kinds()) {
    CHECK(names.insert(kind->name).second);
    CHECK(find_kind(kind->name) == kind);
    CHECK_FALSE(kind->help.empty());
    CHECK(kind->traits.batch > 0);
    if (kind->value.empty()) continue;
    REQUIRE_FALSE(kind->fields.empty());
    CHECK(kind->fields.front().required);
  }
  CHECK(find_kind("imap") == nullptr);
}
