// SPDX-License-Identifier: MIT
#include "net/pace.h"

#include <doctest/doctest.h>

namespace {

using mailhaul::net::Pace;
using namespace std::chrono_literals;

TEST_CASE("the pace is not known before a twentieth of a second has passed") {
  Pace pace;
  const Pace::Time start{5s};
  pace.received(1'000'000, start);  // these bytes arrived before the measurement began
  pace.received(100'000, start + 49ms);
  CHECK(pace.bytes_per_second() == 0);
  pace.received(100'000, start + 50ms);
  CHECK(pace.bytes_per_second() == 4'000'000);
}

TEST_CASE("a few short answers do not tell the pace") {
  Pace pace;
  const Pace::Time start{5s};
  pace.received(0, start);
  pace.received(2'000, start + 300ms);
  CHECK(pace.bytes_per_second() == 0);
  pace.received(98'000, start + 500ms);
  CHECK(pace.bytes_per_second() == 200'000);
}

TEST_CASE("pauses and slow periods do not count") {
  Pace pace;
  Pace::Time now{5s};
  pace.received(0, now);
  for (const auto& [period, bytes] : {std::pair{1s, 400'000}, {60s, 400'000}, {1s, 200'000}}) {
    now += period;
    pace.received(bytes, now);
    CHECK(pace.bytes_per_second() == 400'000);
  }
  now += 500ms;
  pace.received(250'000, now);
  CHECK(pace.bytes_per_second() == 500'000);
}

}  // namespace
