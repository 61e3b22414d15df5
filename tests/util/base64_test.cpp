// SPDX-License-Identifier: MIT
#include "util/base64.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("base64 is decoded as it was encoded, and invalid input is refused") {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("ab"), std::string("abc"), std::string("\0\xff", 2)}) {
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  }
  CHECK(base64_encode("demo") == "ZGVtbw==");
  for (const auto* bad : {"abc", "ab=c!", "####"}) CHECK_FALSE(base64_decode(bad));
}
