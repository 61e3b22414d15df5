// SPDX-License-Identifier: MIT
#include "util/secret.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("a secret is gone from where it was moved") {
  Secret one("s3cret");
  const Secret two(std::move(one));
  CHECK(two.reveal() == "s3cret");
  CHECK(one.reveal().empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}
