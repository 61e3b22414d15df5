// SPDX-License-Identifier: MIT
#include "util/secret.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("a moved secret leaves nothing behind") {
  Secret one("s3cret");
  const Secret two(std::move(one));
  CHECK(two.reveal() == "s3cret");
  CHECK(one.reveal().empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}
