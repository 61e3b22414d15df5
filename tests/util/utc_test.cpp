// SPDX-License-Identifier: MIT
#include "util/utc.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;
using namespace std::chrono_literals;

TEST_CASE("a time is written in UTC, in ISO 8601 format") {
  CHECK(format_utc(std::chrono::sys_seconds(0s)) == "1970-01-01T00:00:00Z");
}
