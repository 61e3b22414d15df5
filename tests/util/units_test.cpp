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
  for (const auto* same : {"10 MB", "10mb", "10 MiB", "10  m", "10240 KB", "10485760 bytes", "10485760b"}) {
    CAPTURE(same);
    CHECK(parse_size(same) == 10'485'760U);
  }
  for (const auto* bad : {"", "k", "-", "1-", "1 -", "-1", "1.5M", "10MX", "10 M B", "10 ", "10M ", " 1",
                          "1 2", "b", "99999999999999999999", "18446744073709551615k"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("times need a unit") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("30d") == 720h);
  for (const auto* same :
       {"1 day", "1days", "24 hours", "24 h", "1440 min", "1440 minutes", "86400 seconds"}) {
    CAPTURE(same);
    CHECK(parse_duration(same) == 24h);
  }
  for (const auto* bad : {"", "30", "30 ", "d", "-1d", "30 d ", "30 da", "1 h 1 m", "30-", "30 month", "1w",
                          "99999999999999d"}) {
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
