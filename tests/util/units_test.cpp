// SPDX-License-Identifier: MIT
#include "util/units.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;
using namespace std::chrono_literals;

TEST_CASE("sizes are powers of 1024, and nothing overflows") {
  CHECK(parse_size("0") == 0U);
  CHECK(parse_size("500k") == 512'000U);
  CHECK(parse_size("10M") == 10'485'760U);
  CHECK(parse_size("2g") == 2'147'483'648U);
  for (const auto* bad :
       {"", "k", "-1", "1.5M", "10MB", " 1", "99999999999999999999", "18446744073709551615k"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("times need a unit") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("30d") == 720h);
  for (const auto* bad : {"", "30", "d", "-1d", "1w", "99999999999999d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  for (const auto duration : {0s, 90s, 900s, 7200s, 2592000s})
    CHECK(parse_duration(format_duration(duration)) == duration);
}

TEST_CASE("sizes as people read them") {
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1024) == "1.0 kB");
  CHECK(format_size(25ULL << 20U) == "25 MB");
}
