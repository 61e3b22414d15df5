// SPDX-License-Identifier: MIT
#include "util/durations.h"

#include <doctest/doctest.h>

using namespace mailhaul;
using namespace std::chrono_literals;

TEST_CASE("a duration is told in the largest unit that is not coarse") {
  CHECK(util::roughly(0s) == "0 seconds");
  CHECK(util::roughly(1s) == "1 second");
  CHECK(util::roughly(59s) == "59 seconds");
  CHECK(util::roughly(60s) == "1 minute");
  CHECK(util::roughly(119min + 59s) == "119 minutes");
  CHECK(util::roughly(2h) == "2 hours");
  CHECK(util::roughly(47h + 59min) == "47 hours");
  CHECK(util::roughly(48h) == "2 days");
}
