// SPDX-License-Identifier: MIT
#include "util/percent.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("percent encoding keeps what is unreserved, and decoding undoes it") {
  CHECK(percent_encode("aZ9-._~ /&=\xc3\xa4") == "aZ9-._~%20%2F%26%3D%C3%A4");
  CHECK(percent_encode("/m/a b%?", "/") == "/m/a%20b%25%3F");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(percent_decode(percent_encode(all)) == all);
  CHECK(percent_decode("a+b%2") == "a b%2");
  CHECK(percent_decode("%zz%") == "%zz%");
}
