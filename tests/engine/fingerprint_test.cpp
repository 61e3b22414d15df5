// SPDX-License-Identifier: MIT
#include "engine/fingerprint.h"

#include <doctest/doctest.h>

using namespace mailhaul;
using engine::Fingerprint;

namespace {

engine::Print print_of(std::string_view wire) {
  Fingerprint print;
  print.add(wire);
  return print.finish();
}

}  // namespace

TEST_CASE("pieces split anywhere make the same print") {
  const std::string wire =
      "Subject: x\r\nStatus: RO\r\n folded\r\nX-UIDL: 7\r\nTo: y\r\n\r\nStatus: body\r\n";
  const auto whole = print_of(wire);
  CHECK(whole.header == util::sha256("Subject: x\r\nTo: y\r\n"));
  CHECK(whole.content == util::sha256("Subject: x\r\nTo: y\r\n\r\nStatus: body\r\n"));
  for (std::size_t i = 0; i <= wire.size(); ++i) {
    for (std::size_t j = i; j <= wire.size(); ++j) {
      Fingerprint print;
      print.add(std::string_view(wire).substr(0, i));
      print.add(std::string_view(wire).substr(i, j - i));
      print.add(std::string_view(wire).substr(j));
      CHECK(print.octets() == wire.size());
      const auto split = print.finish();
      REQUIRE(split.header == whole.header);
      REQUIRE(split.content == whole.content);
    }
  }
}

TEST_CASE("the header's hash is the same from TOP and RETR") {
  const std::string header = "From: a\r\nsTATUS: O\r\nSubject: b\r\n";
  CHECK(print_of(header + "\r\nbody\r\n").header == print_of(header + "\r\n").header);
  CHECK(print_of(header).header == print_of(header + "\r\n").header);
}

TEST_CASE("a message may have no header, or nothing at all") {
  CHECK(print_of("").content == util::sha256(""));
  CHECK(print_of("\r\nbody\r\n").header == util::sha256(""));
  CHECK(print_of("\r\nbody\r\n").content == util::sha256("\r\nbody\r\n"));
  CHECK(print_of("S").content == util::sha256("S"));
}
