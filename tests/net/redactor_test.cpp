// SPDX-License-Identifier: MIT
#include "net/redactor.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "util/base64.h"

namespace {

using mailhaul::net::Redactor;
using mailhaul::util::base64_encode;

TEST_CASE("a secret is hidden in plain text, in other case, and in base64 at every offset") {
  const std::string secret = "Correct-Horse7";
  Redactor redactor;
  redactor.hide(secret);
  CHECK(redactor.text("no Correct-Horse7 here") == "no *** here");
  CHECK(redactor.text("CORRECT-HORSE7correct-horse7") == "******");
  for (std::size_t before = 0; before < 6; ++before) {
    for (std::size_t behind = 0; behind < 4; ++behind) {
      const std::string encoded = base64_encode(std::string(before, 'u') + secret + std::string(behind, 'v'));
      CAPTURE(encoded);
      CHECK(redactor.text("-ERR bad line " + encoded + ".") == "-ERR bad line ***.");
    }
  }
}

TEST_CASE("a text without the secret stays as it is") {
  Redactor redactor;
  redactor.hide("Correct-Horse7");
  CHECK(redactor.text("+OK POP3 ready <12.34@host>") == "+OK POP3 ready <12.34@host>");
}

TEST_CASE("text is masked first and then escaped") {
  Redactor redactor;
  redactor.hide("p\xc3\xa4ss");
  CHECK(redactor.shown("\x1b[31mp\xc3\xa4ss\x07") == "\\x1b[31m***\\x07");
}

TEST_CASE("the login part of a URL is hidden") {
  const Redactor redactor;
  CHECK(redactor.text("proxy == 'http://anna:geheim@proxy:8080'") == "proxy == 'http://***@proxy:8080'");
  CHECK(redactor.text("http://proxy:8080/a@b") == "http://proxy:8080/a@b");
}

TEST_CASE("credentials in our own commands are always hidden") {
  struct Row {
    std::string line, shown;
  };
  const std::vector<Row> rows = {
      {"CAPA", "CAPA"},
      {"STLS", "STLS"},
      {"USER anna", "USER anna"},
      {"PASS any thing", "PASS ***"},
      {"PASS", "PASS ***"},
      {"AUTH PLAIN", "AUTH PLAIN"},
      {"AUTH PLAIN AGFubmEAeA==", "AUTH PLAIN ***"},
      {"APOP anna c4c9334bac560ecc979e58001b3e22fb", "APOP anna ***"},
      {"AGFubmEAeA==", "***"},
      {"*", "*"},
      {"CONNECT host:110 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n", "CONNECT host:110 HTTP/1.1"},
  };
  const Redactor redactor;
  for (const Row& row : rows) {
    CAPTURE(row.line);
    CHECK(redactor.command(row.line) == row.shown);
  }
}

}  // namespace
