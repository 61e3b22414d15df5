// SPDX-License-Identifier: MIT
#include "engine/fingerprint.h"

#include <doctest/doctest.h>

#include <vector>

using namespace mailhaul;
using engine::Fingerprint;
using engine::MessageHashes;

namespace {

MessageHashes hashes_of(std::string_view wire) {
  Fingerprint fingerprint;
  fingerprint.add(wire);
  return fingerprint.finish();
}

bool same(std::string_view one, std::string_view other) {
  const auto a = hashes_of(one), b = hashes_of(other);
  return a.header == b.header && a.content == b.content;
}

const std::string body = "\r\nHello.\r\n";
const std::string mail =
    "Received: from a by b\r\nMessage-ID: <1@x>\r\nDate: Mon, 23 Nov 2026 12:34:56 +0000\r\n"
    "From: Anna <anna@example.org>\r\nTo: Bert <bert@example.org>,\r\n Cora <cora@example.org>\r\n"
    "Subject: a long\r\n subject\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n";

}  // namespace

TEST_CASE("pieces split anywhere make the same hashes") {
  const std::string wire =
      "Subject: x\r\nStatus: RO\r\n folded\r\nX-UIDL: 7\r\nTo: y\r\n\r\nStatus: body\r\n\r\n\r\nend\r\n\r\n";
  const auto whole = hashes_of(wire);
  CHECK(whole.header == util::sha256("subject:x\nto:y\n"));
  CHECK(whole.content == util::sha256(util::hex(whole.header) + "Status: body\r\n\r\n\r\nend"));
  for (std::size_t i = 0; i <= wire.size(); ++i) {
    for (std::size_t j = i; j <= wire.size(); ++j) {
      Fingerprint fingerprint;
      fingerprint.add(std::string_view(wire).substr(0, i));
      fingerprint.add(std::string_view(wire).substr(i, j - i));
      fingerprint.add(std::string_view(wire).substr(j));
      CHECK(fingerprint.octets() == wire.size());
      CHECK(fingerprint.has_body());
      const auto split = fingerprint.finish();
      REQUIRE(split.header == whole.header);
      REQUIRE(split.content == whole.content);
    }
  }
}

TEST_CASE("who sent a message, its subject and its Message-ID are kept as received, unfolded") {
  Fingerprint fingerprint;
  for (const char c : mail + "From: second@example.org\r\nX-Subject: no\r\n" + body) fingerprint.add({&c, 1});
  CHECK(fingerprint.title().from == "Anna <anna@example.org>");
  CHECK(fingerprint.title().subject == "a long subject");
  CHECK(fingerprint.title().message_id == "<1@x>");
}

TEST_CASE("a message without header has no title, and an endless field is cut") {
  Fingerprint fingerprint;
  fingerprint.add(body);
  CHECK(fingerprint.title().from.empty());
  Fingerprint endless;
  endless.add("Subject: " + std::string(100'000, 'x') + "\r\n" + body);
  CHECK(endless.title().subject.size() == 2'000);
}

TEST_CASE("the header's hash is the same from TOP and RETR") {
  CHECK(hashes_of(mail + body).header == hashes_of(mail + "\r\n").header);
  CHECK(hashes_of(mail).header == hashes_of(mail + "\r\n").header);
  CHECK(hashes_of("X-A: 1\r\n" + body).header == hashes_of("X-A: 1\r\n").header);
}

TEST_CASE("what servers, scanners and proxies do to a header between two sessions changes nothing") {
  const std::vector<std::string> others{
      "Status: RO\r\nX-Status: A\r\n" + mail,
      "X-IMAPbase: 1 2\r\nX-UID: 7\r\nContent-Length: 8\r\nLines: 1\r\n" + mail,
      "X-Spam-Flag: NO\r\nX-Virus-Scanned: by x\r\n folded\r\nReceived: from c by d\r\n" + mail,
      mail + "Delivered-To: bert\r\nX-Keywords:                   \r\nX-UIDL: abc\r\n",
      mail.substr(mail.find("Message-ID")),
  };
  for (const auto& other : others) {
    CAPTURE(other);
    CHECK(same(mail + body, other + body));
  }
  SUBCASE("folded in other places, with tabs, other blanks, other case of the names") {
    CHECK(same(mail + body,
               "MESSAGE-ID:\r\n <1@x>\r\nfrom:   Anna\r\n\t<anna@example.org>  \r\n"
               "Date: Mon, 23 Nov 2026\r\n  12:34:56 +0000\r\n"
               "To: Bert <bert@example.org>, Cora <cora@example.org>\r\nMime-Version: 1.0\r\n"
               "Subject: a long subject\r\nContent-Type:text/plain\r\n" +
                   body));
  }
  SUBCASE("more or fewer empty lines at the end, or no line end at all") {
    CHECK(same(mail + body, mail + body + "\r\n\r\n"));
    CHECK(same(mail + body, mail + "\r\nHello."));
  }
}

TEST_CASE("what the sender wrote makes another message of it") {
  const std::vector<std::pair<std::string, std::string>> edits{
      {"<1@x>", "<2@x>"}, {"12:34:56", "12:34:57"}, {"Anna", "Anne"},       {"Cora", "Dora"},
      {"a long", "long"}, {"plain", "html"},        {"subject", "sub ject"}};
  for (const auto& [before, after] : edits) {
    CAPTURE(before);
    auto other = mail;
    other.replace(other.find(before), before.size(), after);
    CHECK(hashes_of(mail + body).header != hashes_of(other + body).header);
    CHECK(hashes_of(mail + body).content != hashes_of(other + body).content);
  }
  CHECK(hashes_of(mail + body).content != hashes_of(mail + "\r\nHello!\r\n").content);
  CHECK(hashes_of(mail + body).content != hashes_of(mail + "\r\nHello.\r\n\r\n-- \r\n").content);
  CHECK(hashes_of(mail + body).header != hashes_of("Cc: x\r\n" + mail + body).header);
  CHECK(hashes_of("Resent-To: x\r\n" + mail).header != hashes_of(mail).header);
}

TEST_CASE("a header without any field that senders write counts as a whole, but for what servers add") {
  CHECK(hashes_of("X-A: 1\r\n").header != hashes_of("X-A: 2\r\n").header);
  CHECK(hashes_of("no field at all\r\n").header != hashes_of("another one\r\n").header);
  CHECK(same("X-A: 1\r\n" + body, "Status: O\r\nX-A: 1\r\nX-UIDL: 1\r\n" + body));
}

TEST_CASE("a message may have no header, no body, or nothing at all") {
  CHECK(hashes_of("").header == util::sha256(""));
  CHECK(hashes_of("\r\nbody\r\n").header == util::sha256(""));
  CHECK(hashes_of("").content == hashes_of("\r\n\r\n").content);
  CHECK(hashes_of("\r\nbody\r\n").content != hashes_of("\r\n").content);
  for (const auto* wire : {"", "Subject: x\r\n", "Subject: x\r\n\r\n", "\r\n\r\n\r\n"}) {
    CAPTURE(wire);
    Fingerprint fingerprint;
    fingerprint.add(wire);
    CHECK_FALSE(fingerprint.has_body());
  }
}

TEST_CASE("a line that ends in LF alone counts as one that ends in CRLF, wherever it stands") {
  for (std::size_t line = 0; line < 150; ++line) {
    const std::string begin = mail + "\r\n" + std::string(line, 'x'), rest = std::string(150, 'y') + "\r\n";
    CAPTURE(line);
    REQUIRE(same(begin + "\r\n" + rest, begin + "\n" + rest));
    REQUIRE(same(begin + "\r\n\r\n" + rest, begin + "\n\n" + rest));
    REQUIRE_FALSE(same(begin + "\r\n" + rest, begin + "\r" + rest));
    for (const std::string end : {"\r\n", "\n"}) {  // pieces that end before and inside the line end
      for (std::size_t split = 0; split < end.size(); ++split) {
        Fingerprint fingerprint;
        fingerprint.add(begin + end.substr(0, split));
        fingerprint.add(end.substr(split) + rest);
        REQUIRE(fingerprint.finish().content == hashes_of(begin + "\r\n" + rest).content);
      }
    }
  }
}

TEST_CASE("fields without end, and line ends without end, cost little memory and still count") {
  const std::string field = "To: " + std::string(100'000, 'x') + "\r\n";
  std::string many;
  for (int i = 0; i < 40; ++i) many += field;
  CHECK(hashes_of(many + body).header == hashes_of(many + body).header);
  CHECK(hashes_of(many + body).header != hashes_of(many + "To: y\r\n" + body).header);
  std::string ends;
  for (int i = 0; i < 50'000; ++i) ends += "\r\n";
  const auto whole = hashes_of(mail + body + ends);
  Fingerprint fingerprint;
  const std::string wire = mail + body + ends;
  for (std::size_t i = 0; i < wire.size(); i += 7) fingerprint.add(std::string_view(wire).substr(i, 7));
  CHECK(fingerprint.finish().content == whole.content);
}
