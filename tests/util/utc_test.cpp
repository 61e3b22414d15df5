// SPDX-License-Identifier: MIT
#include "util/utc.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;
using namespace std::chrono_literals;

TEST_CASE("a time is written in UTC, in ISO 8601 format") {
  CHECK(format_utc(std::chrono::sys_seconds(0s)) == "1970-01-01T00:00:00Z");
  CHECK(format_utc(std::chrono::sys_seconds(-1s)) == "1969-12-31T23:59:59Z");
  CHECK(format_utc(std::chrono::sys_seconds(1'709'251'199s)) == "2024-02-29T23:59:59Z");
}

TEST_CASE("a day or a time in UTC is read, and nothing else") {
  CHECK(parse_utc("1970-01-02") == std::chrono::sys_seconds(24h));
  CHECK(parse_utc("1970-01-01T00:00:05Z") == std::chrono::sys_seconds(5s));
  CHECK(parse_utc("2024-02-29T23:59:59Z") == std::chrono::sys_seconds(1'709'251'199s));
  CHECK(parse_utc("1969-12-31T23:59:59Z") == std::chrono::sys_seconds(-1s));
  for (const auto* text :
       {"2026-02-29", "1970-01-01T00:00:60Z", "1970-13-01", "0026-03-01", "", "1970-01-32", "1970-02-30",
        "1970-1-01", "1970-01-01T00:00:05", "1970-01-01T00:00:05Zx", "yesterday1"})
    CHECK_FALSE(parse_utc(text).has_value());
}
