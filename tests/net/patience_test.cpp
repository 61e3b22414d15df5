// SPDX-License-Identifier: MIT
#include "net/patience.h"

#include <doctest/doctest.h>

namespace {

using mailhaul::net::Patience;
using namespace std::chrono_literals;

TEST_CASE("silence ends patience, and a byte renews it") {
  Patience patience(10s);
  patience.waited(9s);
  CHECK_FALSE(patience.silent());
  CHECK(patience.left() == 1s);
  patience.received(1);
  CHECK(patience.left() == 10s);
  patience.waited(10s);
  CHECK(patience.silent());
  CHECK(patience.left() == 0s);
}

TEST_CASE("a trickle is as good as silence") {
  Patience patience(10s);
  for (int second = 0; second < 9; ++second) {
    patience.waited(1s);
    patience.received(60);
    CHECK_FALSE(patience.trickling());
  }
  patience.waited(1s);
  patience.received(60);
  CHECK(patience.trickling());
}

TEST_CASE("64 bytes a second are enough") {
  Patience patience(10s);
  for (int second = 0; second < 100; ++second) {
    patience.waited(1s);
    patience.received(64);
    REQUIRE_FALSE(patience.trickling());
  }
}

TEST_CASE("short answers one by one over a long way are no trickle") {
  Patience patience(10s);
  for (int second = 0; second < 100; ++second) {
    patience.asked();
    patience.waited(1s);
    patience.received(5);
    REQUIRE_FALSE(patience.trickling());
  }
}

TEST_CASE("many questions at once count as one") {
  Patience patience(10s);
  for (int i = 0; i < 1000; ++i) patience.asked();
  patience.waited(10s);
  patience.received(1);
  CHECK(patience.trickling());
}

}  // namespace
