// SPDX-License-Identifier: MIT
// Combinations of the keys that set the way of a connection.
#include <doctest/doctest.h>

#include "account/endpoint.h"
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

TEST_CASE("a password of a proxy that is not encoded is refused, and is a secret all the same") {
  for (const std::string odd : {"/", "?", "#"}) {
    const auto url = "http://u:s3" + odd + "cret@h:3128";
    const auto file = test::work("\"proxy\": \"" + url + "\"");
    CAPTURE(url);
    const auto said = Profile(file).said();
    CHECK(said.sentence == "F:2:10: accounts.work.proxy: contains /, ? or # before the @");
    CHECK((said.sentence + said.hint).find("s3") == std::string::npos);
    CHECK(Profile(file, 0644).said().sentence == "F holds a password and others may read it (mode 0644)");
    CHECK(account::without_password(url) == "http://u:***@h:3128");
  }
  CHECK(Profile(test::work(R"("proxy": "http://u:s3%2Fcret@h:3128/")")).said().sentence == "no error");
}
