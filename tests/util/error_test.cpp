// SPDX-License-Identifier: MIT
#include "util/error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mailhaul::util;

namespace {

/// The exit statuses in the order of mailhaul(1), followed by 130.
const std::vector<int> from_most_serious{70, 71, 78, 64, 66, 77, 74, 73, 65, 76, 69, 68, 75, 130};

}  // namespace

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

TEST_CASE("of several exit statuses the most serious one is returned, wherever it stands") {
  for (std::size_t i = 0; i < from_most_serious.size(); ++i) {
    std::vector<int> statuses(from_most_serious.begin() + static_cast<std::ptrdiff_t>(i),
                              from_most_serious.end());
    CAPTURE(statuses.front());
    CHECK(most_serious(statuses) == from_most_serious[i]);
    std::ranges::reverse(statuses);
    CHECK(most_serious(statuses) == from_most_serious[i]);
  }
}

TEST_CASE("without an exit status other than 0 the result is 0") {
  CHECK(most_serious({}) == 0);
  CHECK(most_serious(std::vector<int>{0, 0}) == 0);
}

TEST_CASE("every kind of error has a place in the order of exit statuses") {
  using enum Kind;
  for (const auto kind : {usage, content, no_config, no_host, unavailable, internal, os, cannot_create,
                          storage, temporary, protocol, login, config, cancelled}) {
    const std::vector<int> statuses{0, exit_status(kind)};
    CHECK(most_serious(statuses) == exit_status(kind));
  }
}
