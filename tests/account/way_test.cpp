// SPDX-License-Identifier: MIT
// Combinations of the keys that set the way of a connection.
#include <doctest/doctest.h>

#include "fixture.h"

using namespace mailhaul;
using test::Profile;

TEST_CASE("a tunnel goes with neither a socket nor a proxy, and a socket without TLS") {
  const std::string socket =
      "{\"accounts\": {\"a\": {\"server\": \"unix:/s\", \"user\": \"u\", \"deliver\": \"stdout\"";
  CHECK(Profile(socket + "}}}").load().accounts.at(0).server.tls == net::Tls::none);
  CHECK(Profile(socket + ", \"tls\": \"required\"}}}")
            .said()
            .sentence.ends_with("accounts.a.tls: cannot be \"required\" where the server is a unix: socket"));
  CHECK(
      Profile(socket + ", \"tunnel\": \"x\"}}}")
          .said()
          .sentence.ends_with("accounts.a.tunnel: cannot be combined with a server that is a unix: socket"));
  const auto said = Profile(test::work("\"tunnel\": \"x\", \"proxy\": \"socks5h://h\"")).said();
  CHECK(said.sentence.ends_with("accounts.work.tunnel: cannot be combined with \"proxy\""));
  CHECK(Profile(test::work("\"tunnel\": \"x\", \"proxy\": \"none\"")).said().sentence == "no error");
}
