// SPDX-License-Identifier: MIT
#include "net/stall_detector.h"

#include <doctest/doctest.h>

namespace {

using mailhaul::net::StallDetector;
using namespace std::chrono_literals;

TEST_CASE("too long a silence is a stall, and a byte restarts the wait") {
  StallDetector stall(10s);
  stall.waited(9s);
  CHECK_FALSE(stall.silent());
  CHECK(stall.left() == 1s);
  stall.received(1);
  CHECK(stall.left() == 10s);
  stall.waited(10s);
  CHECK(stall.silent());
  CHECK(stall.left() == 0s);
}

TEST_CASE("a trickle counts as silence") {
  StallDetector stall(10s);
  for (int second = 0; second < 9; ++second) {
    stall.waited(1s);
    stall.received(60);
    CHECK_FALSE(stall.trickling());
  }
  stall.waited(1s);
  stall.received(60);
  CHECK(stall.trickling());
}

TEST_CASE("64 bytes a second are enough") {
  StallDetector stall(10s);
  for (int second = 0; second < 100; ++second) {
    stall.waited(1s);
    stall.received(64);
    REQUIRE_FALSE(stall.trickling());
  }
}

TEST_CASE("short answers one by one over a long distance are not a trickle") {
  StallDetector stall(10s);
  for (int second = 0; second < 100; ++second) {
    stall.asked();
    stall.waited(1s);
    stall.received(5);
    REQUIRE_FALSE(stall.trickling());
  }
}

TEST_CASE("many commands at once count as one") {
  StallDetector stall(10s);
  for (int i = 0; i < 1000; ++i) stall.asked();
  stall.waited(10s);
  stall.received(1);
  CHECK(stall.trickling());
}

}  // namespace
