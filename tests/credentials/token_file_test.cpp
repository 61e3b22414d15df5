// SPDX-License-Identifier: MIT
#include "credentials/token_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "support/cpp/temp_dir.h"
#include "util/error.h"

namespace {

using namespace mailhaul::credentials;
using namespace mailhaul::test;
using mailhaul::util::Kind;
using mailhaul::util::Secret;
using std::chrono::seconds;
using std::chrono::sys_seconds;

Tokens some_tokens() {
  return {.access = Secret("at"),
          .refresh = Secret("rt"),
          .expires = sys_seconds(seconds(3)),
          .logged_in = sys_seconds(seconds(1)),
          .used = sys_seconds(seconds(2)),
          .user = "anna",
          .client_id = "c",
          .token_url = "https://x/t"};
}

TEST_CASE("a login comes back as it was kept, in a file of its owner alone") {
  const TempDir directory;
  const mailhaul::util::Cancel cancel;
  const auto path = token_path(directory / "state.db", "home");
  CHECK(path == directory / "tokens/home.json");
  const TokenFile file(path, cancel);
  CHECK_FALSE(file.read());
  file.reserve();
  file.save(some_tokens());
  const auto tokens = file.read();
  REQUIRE(tokens);
  CHECK(write_tokens(*tokens).reveal() == write_tokens(some_tokens()).reveal());
  CHECK(slurp(path) == write_tokens(some_tokens()).reveal());
  struct stat info {};
  CHECK(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  // The directory holds the file and its lock.
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 2);
  CHECK(file.remove());
  CHECK_FALSE(file.remove());
}

TEST_CASE("only one at a time holds the file") {
  const TempDir directory;
  const auto path = directory / "tokens/home.json";
  mailhaul::util::Cancel cancel;
  const TokenFile first(path, cancel);
  cancel.request(2);
  try {
    const TokenFile second(path, cancel);
    FAIL("two hold the file");
  } catch (const mailhaul::util::Error& error) {
    CHECK(error.kind() == Kind::cancelled);
  }
}

TEST_CASE("a file that is damaged or that others can read stops the account") {
  const TempDir directory;
  const mailhaul::util::Cancel cancel;
  const auto path = directory / "tokens/home.json";
  const TokenFile file(path, cancel);
  file.save(some_tokens());
  ::chmod(path.c_str(), 0640);
  CHECK_THROWS_AS((void)file.read(), mailhaul::util::Error);
  ::chmod(path.c_str(), 0600);
  for (const std::string text : {"", "{", "[]", "{}", R"({"access_token":7})"}) {
    spill(path, text);
    try {
      (void)file.read();
      FAIL(text);
    } catch (const mailhaul::util::Error& error) {
      CHECK(error.kind() == Kind::storage);
    }
  }
}

TEST_CASE("newer tokens that a power cut left beside the file are put in place") {
  const TempDir directory;
  const mailhaul::util::Cancel cancel;
  const auto path = directory / "tokens/home.json";
  TokenFile(path, cancel).save(some_tokens());
  auto newer = some_tokens();
  newer.refresh = Secret("next");
  newer.used += seconds(1);
  const auto text = write_tokens(newer).reveal();
  // The reserved zeros are still there if the power failed before the file was cut to its length.
  for (const auto& left : {text, text + std::string(1000, '\0')}) {
    TokenFile(path, cancel).save(some_tokens());
    spill(directory / "tokens/home.json.new", left);
    ::chmod((directory / "tokens/home.json.new").c_str(), 0600);
    const TokenFile file(path, cancel);
    file.reserve();
    CHECK(file.read()->refresh.reveal() == "next");
    CHECK(slurp(path) == text);
  }
}

TEST_CASE("older or damaged tokens beside the file, and those of a login that was forgotten, are not taken") {
  const TempDir directory;
  const mailhaul::util::Cancel cancel;
  const auto path = directory / "tokens/home.json", fresh = directory / "tokens/home.json.new";
  TokenFile(path, cancel).save(some_tokens());
  auto other = some_tokens();
  other.refresh = Secret("other");
  const auto older = write_tokens(other).reveal();
  other.used += seconds(1);
  const auto newer = write_tokens(other).reveal();
  for (const auto& left : {older, newer.substr(0, newer.size() / 2), std::string(1000, '\0')}) {
    spill(fresh, left);
    CHECK(TokenFile(path, cancel).read()->refresh.reveal() == "rt");
  }
  spill(fresh, older);
  CHECK(TokenFile(path, cancel).remove());
  spill(fresh, newer);
  CHECK_FALSE(TokenFile(path, cancel).read());
}

TEST_CASE("times that make no sense do no harm") {
  const auto tokens =
      read_tokens(R"({"access_token":"a","expires":99999999999999999,"used":-5,"logged_in":"x"})");
  REQUIRE(tokens);
  CHECK(tokens->expires < sys_seconds(seconds(253'402'300'800)));
  CHECK(tokens->used == sys_seconds());
  CHECK(tokens->logged_in == sys_seconds());
}

}  // namespace
