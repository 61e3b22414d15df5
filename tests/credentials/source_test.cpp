// SPDX-License-Identifier: MIT
#include "credentials/source.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/cpp/temp_dir.h"
#include "util/error.h"

using namespace mailhaul;
using credentials::Source;
using util::Kind;

namespace {

const credentials::Subject anna{"home", "anna", "pop.example.org"};

credentials::Environment world() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "MAIL_PASSWORD") return "from the environment\n";
            if (name == "TWO_LINES") return "a\nb";
            if (name == "EMPTY") return "";
            return std::nullopt;
          },
          .prompt = [](std::string_view /*question*/) { return std::optional<util::Secret>(); }};
}

std::string resolved(const Source& source) {
  const util::Cancel cancel;
  return credentials::resolve(source, anna, world(), cancel).reveal();
}

struct Refusal {
  Kind kind;
  std::string sentence, hint;
};

Refusal refusal(const Source& source, const credentials::Environment& environment = world()) {
  try {
    const util::Cancel cancel;
    static_cast<void>(credentials::resolve(source, anna, environment, cancel));
  } catch (const util::Error& error) {
    return {error.kind(), error.what(), error.hint()};
  }
  return {Kind::internal, "no error", ""};
}

std::filesystem::path secret_file(const test::TempDir& dir, const std::string& bytes, mode_t mode = 0600) {
  const auto path = dir / "secret";
  test::spill(path, bytes);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

Source literal(const std::string& text) { return credentials::Literal(util::Secret(text)); }

Source shell(const std::string& script) { return credentials::Command{{"sh", "-c", script}}; }

}  // namespace

TEST_CASE("the password is read from its source byte for byte, without the line end") {
  const test::TempDir dir;
  CHECK(resolved(literal("s3cret \xC3\xA9")) == "s3cret \xC3\xA9");
  CHECK(resolved(shell("printf '  two words \\r\\nsecond line\\n'")) == "  two words ");
  CHECK(resolved(shell("printf 'no line end'")) == "no line end");
  CHECK(resolved(credentials::File{secret_file(dir, "in a file\r\nsecond\n")}) == "in a file");
  CHECK(resolved(credentials::Variable{"MAIL_PASSWORD"}) == "from the environment");
  CHECK(resolved(credentials::Netrc{secret_file(dir, "machine pop.example.org login anna password n\n")}) ==
        "n");
}

TEST_CASE("the user is asked for the password of the account that needs one") {
  std::string asked;
  auto environment = world();
  environment.prompt = [&](std::string_view question) {
    asked = question;
    return std::optional<util::Secret>(util::Secret("typed\n"));
  };
  const util::Cancel cancel;
  CHECK(credentials::resolve(credentials::Ask{}, anna, environment, cancel).reveal() == "typed");
  CHECK(asked == "password for anna at pop.example.org (home): ");
}

TEST_CASE("an empty password that is typed is asked for again, three times in all") {
  std::vector<std::string> asked, typed{"\n", "", "secret\n"};
  auto environment = world();
  environment.prompt = [&](std::string_view question) {
    asked.emplace_back(question);
    return std::optional<util::Secret>(util::Secret(typed.at(asked.size() - 1)));
  };
  const util::Cancel cancel;
  CHECK(credentials::resolve(credentials::Ask{}, anna, environment, cancel).reveal() == "secret");
  REQUIRE(asked.size() == 3);
  CHECK(asked[2] == "nothing was typed; password for anna at pop.example.org (home): ");
  asked.clear();
  typed[2] = "\n";
  const auto said = refusal(credentials::Ask{}, environment);
  CHECK(said.kind == Kind::config);
  CHECK(said.sentence == "the password from the terminal is empty");
  CHECK(said.hint == "run it again and type the password");
  CHECK(asked.size() == 3);
}

TEST_CASE("without a terminal, the keys that help are named") {
  for (const auto& environment : {world(), credentials::Environment{}}) {
    const auto said = refusal(credentials::Ask{}, environment);
    CHECK(said.kind == Kind::config);
    CHECK(said.sentence == "no password is configured, and there is no terminal to ask on");
    CHECK(said.hint ==
          "give \"password_command\", \"password_file\", \"password_credential\", \"keyring\", "
          "\"password_env\" or \"netrc\"");
  }
}

TEST_CASE("a command that fails is named, its output is not") {
  const auto failed = refusal(shell("echo s3cret; exit 3"));
  CHECK(failed.kind == Kind::temporary);
  CHECK(failed.sentence == "password_command 'sh' gave no password: exit status 3");
  CHECK(failed.hint == "run it by hand; a locked keyring has to be unlocked first");
  CHECK(refusal(shell("printf 'one\\n\\033two\\n' >&2; exit 3")).sentence ==
        "password_command 'sh' gave no password: exit status 3: one; \\x1btwo");
  CHECK(refusal(shell("kill -9 $$")).sentence == "password_command 'sh' gave no password: signal 9 (Killed)");

  const auto absent = refusal(credentials::Command{{"/nonexistent/pass", "show"}});
  CHECK(absent.kind == Kind::config);
  CHECK(absent.sentence == "password_command: cannot run /nonexistent/pass: No such file or directory");

  const auto silent = refusal(shell("echo; echo second"));
  CHECK(silent.kind == Kind::config);
  CHECK(silent.sentence == "the password from password_command 'sh' is empty");
}

TEST_CASE("a system that cannot start a program is not called a mistake in the configuration") {
  const util::Cancel cancel;
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto kind = Kind::internal;
  try {
    static_cast<void>(credentials::resolve(shell("echo x"), anna, world(), cancel));
  } catch (const util::Error& error) {
    kind = error.kind();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(kind == Kind::os);
}

TEST_CASE("a stop while a command runs is not a failed login") {
  util::Cancel cancel;
  cancel.request(15);
  try {
    static_cast<void>(credentials::resolve(shell("echo x"), anna, world(), cancel));
    FAIL("nothing thrown");
  } catch (const util::Error& error) {
    CHECK(error.kind() == Kind::cancelled);
  }
}

TEST_CASE("a file with a secret that others can read is refused") {
  const test::TempDir dir;
  const auto path = secret_file(dir, "machine pop.example.org login anna password n\n", 0640);
  for (const Source& source : {Source(credentials::File{path}), Source(credentials::Netrc{path})}) {
    const auto said = refusal(source);
    CHECK(said.kind == Kind::config);
    CHECK(said.sentence.find("others may read it (mode 0640)") != std::string::npos);
    CHECK(said.hint == "chmod 600 " + path.string());
  }
}

TEST_CASE("a credential of systemd is read, whatever its mode, and a missing one is named") {
  const test::TempDir dir;
  secret_file(dir, "of the service\n", 0440);
  const auto with = [&](std::optional<std::string> folder) {
    return credentials::Environment{.variable = [folder](const std::string& name) {
      return name == "CREDENTIALS_DIRECTORY" ? folder : std::nullopt;
    }};
  };
  const util::Cancel cancel;
  const Source credential = credentials::SystemdCredential{"secret"};
  CHECK(credentials::resolve(credential, anna, with(dir.path().string()), cancel).reveal() ==
        "of the service");

  const auto none = refusal(credential, with(std::nullopt));
  CHECK(none.kind == Kind::config);
  CHECK(none.sentence == "password_credential: the environment variable CREDENTIALS_DIRECTORY is not set");
  CHECK(none.hint == "systemd sets it for a service with LoadCredential=secret:FILE in its unit");
  const auto gone = refusal(credentials::SystemdCredential{"other"}, with(dir.path().string()));
  CHECK(gone.kind == Kind::config);
  CHECK(gone.sentence.starts_with("password_credential: "));
  CHECK(gone.hint == "is LoadCredential=other:FILE in the unit of the service?");
}

TEST_CASE("a missing source is named") {
  const test::TempDir dir;
  const auto gone = dir / "gone";
  CHECK(refusal(credentials::File{gone}).kind == Kind::config);
  CHECK(refusal(credentials::File{gone}).sentence.find(gone.string()) != std::string::npos);
  CHECK(refusal(credentials::Netrc{gone}).kind == Kind::config);
  CHECK(refusal(credentials::Variable{"NOWHERE"}).kind == Kind::config);
  CHECK(refusal(credentials::Variable{"NOWHERE"}).sentence == "the environment variable NOWHERE is not set");

  const auto path = secret_file(dir, "machine other login anna password n");
  const auto said = refusal(credentials::Netrc{path});
  CHECK(said.kind == Kind::config);
  CHECK(said.sentence == path.string() + " has no password for anna at pop.example.org");
  CHECK(said.hint == "add a line: machine pop.example.org login anna password ...");
}

TEST_CASE("an empty password and one with a line end or a NUL are refused, and not shown") {
  const test::TempDir dir;
  const struct {
    Source source;
    std::string sentence;
  } rows[] = {
      {credentials::Variable{"EMPTY"}, "the password from the environment variable EMPTY is empty"},
      {credentials::Variable{"TWO_LINES"},
       "the password from the environment variable TWO_LINES contains a line end or a NUL"},
      {literal("a\rb"), "the password from the configuration contains a line end or a NUL"},
      {literal(std::string("a\0b", 3)), "the password from the configuration contains a line end or a NUL"},
      {credentials::File{secret_file(dir, "\n")},
       "the password from " + (dir / "secret").string() + " is empty"},
  };
  for (const auto& row : rows) {
    const auto said = refusal(row.source);
    CHECK(said.sentence == row.sentence);
    CHECK(said.kind == Kind::config);
  }
}

TEST_CASE("a password may have any other byte") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte)
    if (byte != '\r' && byte != '\n') all += static_cast<char>(byte);
  const test::TempDir dir;
  CHECK(resolved(literal(all)) == all);
  CHECK(resolved(credentials::File{secret_file(dir, all + "\n")}) == all);
  CHECK(resolved(shell("printf ' a\\tb\\1\\n'")) == " a\tb\1");
}
