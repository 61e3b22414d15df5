// SPDX-License-Identifier: MIT
#include "util/error.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("a prefixed error keeps its kind, and its own hint if it has one") {
  const Error with_hint(Kind::config, "cannot open /x: No such file or directory", "bring it back");
  const auto prefixed_one = prefixed("tls_ca_file", with_hint, "check the path");
  CHECK(prefixed_one.kind() == Kind::config);
  CHECK(std::string(prefixed_one.what()) == "tls_ca_file: cannot open /x: No such file or directory");
  CHECK(prefixed_one.hint() == "bring it back");
  CHECK(prefixed("netrc", Error(Kind::config, "is empty"), "check the path").hint() == "check the path");
}

TEST_CASE("a file that may not be read gets a hint that can be typed") {
  try {
    throw_errno(Kind::storage, "open", "/my mail", EACCES);
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "cannot open /my mail: Permission denied");
    CHECK(error.hint().find("namei -l '/my mail'") != std::string::npos);
  }
}
