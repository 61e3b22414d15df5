// SPDX-License-Identifier: MIT
#include "util/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <functional>

#include "support/cpp/temp_dir.h"

using namespace mailhaul;
using util::Error;
using util::Kind;

namespace {

Kind kind_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  return Kind::internal;
}

}  // namespace

TEST_CASE("missing directories are created for the owner alone, and may exist already") {
  const test::TempDir dir;
  util::make_directories(dir / "a/b/c");
  util::make_directories(dir / "a/b/c");
  struct stat info {};
  REQUIRE(::stat((dir / "a/b").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700U);
  test::spill(dir / "file", "x");
  CHECK(kind_of([&] { util::make_directories(dir / "file/below"); }) == Kind::cannot_create);
}

TEST_CASE("a lock has one holder at a time, and is free again when the holder releases it") {
  const test::TempDir dir;
  auto first = util::try_lock(dir / "lock");
  REQUIRE(first);
  CHECK_FALSE(util::try_lock(dir / "lock"));
  first.reset();
  CHECK(util::try_lock(dir / "lock"));
}

TEST_CASE("a lock file that is a symbolic link is refused") {
  const test::TempDir dir;
  std::filesystem::create_symlink(dir / "elsewhere", dir / "lock");
  CHECK(kind_of([&] { (void)util::try_lock(dir / "lock"); }) == Kind::storage);
  CHECK_FALSE(std::filesystem::exists(dir / "elsewhere"));
}

TEST_CASE("a file with a secret that others can read is refused, with a hint") {
  const test::TempDir dir;
  test::spill(dir / "secret", "x");
  ::chmod((dir / "secret").c_str(), 0640);
  try {
    util::require_private(dir / "secret", "a password");
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::config);
    CHECK(std::string(error.what()).find("mode 0640") != std::string::npos);
    CHECK(error.hint().starts_with("chmod 600 "));
  }
  ::chmod((dir / "secret").c_str(), 0600);
  util::require_private(dir / "secret", "a password");
}

TEST_CASE("a file in the directory of systemd's credentials may have any mode, and no other one") {
  const test::TempDir dir;
  std::filesystem::create_directories(dir / "credentials/part");
  for (const auto* name : {"credentials/part/secret", "credentials.other"}) {
    test::spill(dir / name, "x");
    ::chmod((dir / name).c_str(), 0440);
  }
  const auto accepts = [&](const util::Path& file, const util::Path& directory) {
    try {
      util::require_private(dir / file, "a password", directory);
      return true;
    } catch (const Error& error) {
      CHECK(error.kind() == Kind::config);
      return false;
    }
  };
  const util::Path secret = "credentials/part/secret";
  CHECK(accepts(secret, dir / "credentials"));
  CHECK(accepts(secret, dir / "credentials/"));
  CHECK(accepts(secret, dir / "x/../credentials"));
  for (const util::Path& directory : {util::Path(), util::Path("/"), util::Path("."), dir / "other"})
    CHECK_FALSE(accepts(secret, directory));
  CHECK_FALSE(accepts("credentials.other", dir / "credentials"));
  CHECK_FALSE(accepts("credentials/../credentials.other", dir / "credentials"));
}

TEST_CASE("a file larger than its limit is not read") {
  const test::TempDir dir;
  test::spill(dir / "file", std::string(100, 'x'));
  CHECK(util::read_file(dir / "file", 100).size() == 100);
  CHECK_THROWS_AS(util::read_file(dir / "file", 99), Error);
  CHECK(kind_of([&] { util::read_file(dir / "none", 1); }) == Kind::storage);
}

TEST_CASE("reading and writing at an offset continues to the end of the data") {
  const test::TempDir dir;
  const auto path = dir / "file";
  const auto file = util::open_file(path, O_RDWR | O_CREAT, 0600);
  util::pwrite_all(file.get(), "hello", 3, path);
  std::string back(10, '?');
  CHECK(util::pread_all(file.get(), back, 3, path) == 5);
  CHECK(back.substr(0, 5) == "hello");
}

TEST_CASE("a full device is a storage error with a hint") {
  const util::Path full = "/dev/full";
  const auto file = util::open_file(full, O_WRONLY);
  try {
    util::write_all(file.get(), "x", full);
    FAIL("it was written");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::storage);
    CHECK(std::string(error.what()) == "cannot write /dev/full: No space left on device");
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("shared locks go together, an exclusive one does not join them") {
  const test::TempDir dir;
  const auto path = dir / "lock";
  const auto one = util::open_file(path, O_RDWR | O_CREAT, 0600);
  const auto other = util::open_file(path, O_RDWR);
  CHECK(util::try_lock(one.get(), util::LockMode::shared, path));
  CHECK(util::try_lock(other.get(), util::LockMode::shared, path));
  CHECK_FALSE(util::try_lock(other.get(), util::LockMode::exclusive, path));
}

TEST_CASE("a file without a name leaves nothing in its directory") {
  const test::TempDir dir;
  const auto file = util::nameless_file(dir.path());
  util::write_all(file.get(), "hello", "a file");
  CHECK(util::status_of(file.get(), "a file").st_size == 5);
  CHECK((util::status_of(file.get(), "a file").st_mode & 0777U) == 0600U);
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("slashes at the end of a path mean nothing, except in the root") {
  CHECK(util::without_end_slashes("/m/box//") == "/m/box");
  CHECK(util::without_end_slashes("/m/box") == "/m/box");
  CHECK(util::without_end_slashes("//") == "/");
  CHECK(util::without_end_slashes("/") == "/");
  CHECK(util::without_end_slashes("").empty());
}

TEST_CASE("a name may lead to another file than before") {
  const test::TempDir dir;
  const auto path = dir / "box";
  const auto opened = util::open_file(path, O_RDWR | O_CREAT, 0600);
  const auto file = util::status_of(opened.get(), path);
  CHECK(util::is_named(path, file));
  std::filesystem::rename(path, dir / "old");
  CHECK_FALSE(util::is_named(path, file));
  CHECK(util::is_named(dir / "old", file));
  util::open_file(path, O_RDWR | O_CREAT, 0600).close_checked(Kind::storage, "a file");
  CHECK_FALSE(util::is_named(path, file));
}
