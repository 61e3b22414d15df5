// SPDX-License-Identifier: MIT
#include "util/digest.h"

#include <doctest/doctest.h>

using namespace mailhaul::util;

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hash does not depend on the pieces in which the bytes arrive") {
  Sha256 digest;
  for (const auto* piece : {"a", "", "bc"}) digest.add(piece);
  CHECK(digest.finish() == sha256("abc"));
}

TEST_CASE("a digest that was finished starts again, and a moved one goes on") {
  Sha256 digest;
  digest.add("something else");
  (void)digest.finish();
  digest.add("a");
  Sha256 moved(std::move(digest));
  moved.add("bc");
  CHECK(moved.finish() == sha256("abc"));
}

TEST_CASE("bytes are written as two lower-case hexadecimal digits each") {
  CHECK(hex(std::string_view("\0\x0f\xab\xff", 4)) == "000fabff");
}
