// SPDX-License-Identifier: MIT
#include "net/transcript.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace mailhaul::net;

Transcript after(const std::vector<std::string>& lines) {
  Transcript transcript;
  for (const std::string& line : lines) {
    if (line.starts_with("C: ")) transcript.sent(line.substr(3));
    if (line.starts_with("S: ")) transcript.received(line.substr(3));
  }
  return transcript;
}

TEST_CASE("the last complete CAPA answer counts, in upper case") {
  const auto said = after({"S: +OK hi", "C: CAPA", "S: +OK", "S: uidl", "S: .", "C: STLS", "S: +OK",
                           "C: CAPA", "S: +OK", "S: top", "S: sasl plain", "S: ."});
  CHECK(said.capabilities() == std::vector<std::string>{"TOP", "SASL PLAIN"});
  CHECK(said.secured());
}

TEST_CASE("what was announced before TLS is forgotten") {
  const auto said = after(
      {"S: +OK hi", "C: CAPA", "S: +OK", "S: PIPELINING", "S: .", "C: STLS", "S: +OK", "C: CAPA", "S: -ERR"});
  CHECK(said.capabilities().empty());
}

TEST_CASE("a CAPA answer without its end does not count") {
  CHECK(after({"S: +OK hi", "C: CAPA", "S: +OK", "S: TOP"}).capabilities().empty());
}

TEST_CASE("neither a refused CAPA nor a capability that looks like a refusal is a refusal") {
  CHECK_FALSE(after({"S: +OK hi", "C: CAPA", "S: -ERR what?"}).refusal());
  CHECK_FALSE(after({"S: +OK hi", "C: CAPA", "S: +OK", "S: -ERR odd", "S: ."}).refusal());
}

TEST_CASE("greeting, STLS and login may be refused") {
  CHECK(after({"S: -ERR [SYS/TEMP] full"}).refusal() == "[SYS/TEMP] full");
  CHECK(after({"S: +OK", "C: STLS", "S: -ERR no"}).refusal() == "no");
  const auto said = after({"S: +OK", "C: USER anna", "S: +OK", "C: PASS x", "S: -ERR [AUTH] wrong"});
  CHECK(said.refusal() == "[AUTH] wrong");
  CHECK(said.phase() == Transcript::Phase::login);
  CHECK(said.login_tried());
}

TEST_CASE("junk before the greeting is not taken for it") {
  const auto said = after({"S: hello there", "S: +OK <1@host>"});
  CHECK(said.greeting() == "+OK <1@host>");
}

TEST_CASE("an answer to an earlier line is no answer to the last one") {
  const auto said = after({"S: +OK", "C: AUTH PLAIN", "S: + ", "C: AGEAYg=="});
  CHECK_FALSE(said.answered());
  CHECK(said.phase() == Transcript::Phase::exchange);
  // The line that cancels an exchange contains no credentials.
  CHECK(after({"S: +OK", "C: AUTH NTLM", "S: + odd", "C: *"}).phase() == Transcript::Phase::login);
}

TEST_CASE("+ERR is a refusal, and the answer to UTF8 decides nothing") {
  CHECK(after({"S: +OK", "C: USER anna", "S: +OK", "C: PASS x", "S: +ERR wrong"}).refusal() == "wrong");
  const auto said = after({"S: +OK", "C: UTF8", "C: USER anna", "S: -ERR not today", "S: +OK"});
  CHECK_FALSE(said.refusal());
  CHECK(said.phase() == Transcript::Phase::user);
}

TEST_CASE("a capability may begin with a dot, and be as long as any line") {
  const std::string long_line = "SASL " + std::string(60'000, 'X') + " PLAIN";
  const auto said = after({"S: +OK", "C: CAPA", "S: +ok", "S: ..odd", "S: " + long_line, "S: ."});
  CHECK(said.capabilities() == std::vector<std::string>{".ODD", long_line});
}

TEST_CASE("an endless CAPA answer is not kept") {
  Transcript transcript;
  transcript.sent("CAPA");
  transcript.received("+OK");
  for (int i = 0; i < 100'000; ++i) transcript.received("X-" + std::to_string(i));
  transcript.received(".");
  CHECK(transcript.capabilities().size() == 256);
}

}  // namespace
