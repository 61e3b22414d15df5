// SPDX-License-Identifier: MIT
// Logins for which the server has to calculate, and the examples of RFC 5034, split at every byte.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "talk.h"
#include "util/base64.h"
#include "util/keyed_digest.h"

namespace {

using namespace mailhaul::test::talk;
using mailhaul::util::base64_decode;
using mailhaul::util::base64_encode;
using mailhaul::util::Digest;
using mailhaul::util::hmac;
using mailhaul::util::pbkdf2;

/// A server that stores the password as RFC 5802 describes.
class ScramServer {
 public:
  explicit ScramServer(Digest digest) : digest_(digest), salted_(pbkdf2(digest, "Geheim", "salt", 4096)) {}

  /// Returns the challenge that answers "n,,n=anna,r=NONCE".
  std::string challenge(const std::string& first) {
    REQUIRE(first.starts_with("n,,n=anna,r="));
    asked_ = "r=" + first.substr(12) + "server,s=" + base64_encode("salt") + ",i=4096";
    transcript_ = first.substr(3) + "," + asked_;
    return asked_;
  }
  /// Checks the client's proof and returns the server's proof.
  std::string proof(const std::string& last) {
    const auto at = last.find(",p=");
    REQUIRE(at != std::string::npos);
    CHECK(last.substr(0, at) == "c=biws," + asked_.substr(0, asked_.find(',')));
    transcript_ += "," + last.substr(0, at);
    const std::string key = hmac(digest_, salted_, "Client Key");
    std::string proven = hmac(digest_, mailhaul::util::digest(digest_, key), transcript_);
    for (std::size_t i = 0; i < proven.size(); ++i) proven[i] = static_cast<char>(proven[i] ^ key[i]);
    CHECK(last.substr(at + 3) == base64_encode(proven));
    return "v=" + base64_encode(hmac(digest_, hmac(digest_, salted_, "Server Key"), transcript_));
  }

 private:
  Digest digest_;
  std::string salted_, asked_, transcript_;
};

/// Decodes the base64 that follows `before` on the client's next line.
std::string decoded(LoginConversation& conversation, std::string_view before) {
  const auto output = conversation.take_output();
  const std::string_view line = output.reveal();
  REQUIRE(line.starts_with(before));
  REQUIRE(line.ends_with("\r\n"));
  return base64_decode(line.substr(before.size(), line.size() - before.size() - 2)).value();
}

TEST_CASE("SCRAM works, at every split") {
  for (const auto& [auth, digest, name] : {std::tuple(Auth::scram_sha_1, Digest::sha1, "SCRAM-SHA-1"),
                                           std::tuple(Auth::scram_sha_256, Digest::sha256, "SCRAM-SHA-256")})
    for (std::size_t piece = 1; piece <= 90; ++piece) {
      CAPTURE(name);
      CAPTURE(piece);
      Talk talk(auth);
      LoginConversation conversation({talk.endpoint, talk.login, talk.methods}, talk.dialogue);
      ScramServer server(digest);
      receive(conversation, ok, piece);
      CHECK(conversation.take_output().reveal() == "CAPA\r\n");
      receive(conversation, capa({"SASL " + std::string(name)}), piece);
      const auto first = decoded(conversation, "AUTH " + std::string(name) + " ");
      receive(conversation, "+ " + base64_encode(server.challenge(first)) + "\r\n", piece);
      const auto last = decoded(conversation, "");
      receive(conversation, "+ " + base64_encode(server.proof(last)) + "\r\n", piece);
      CHECK(conversation.take_output().reveal() == "\r\n");
      CHECK(conversation.state() == State::reading);
      receive(conversation, ok, piece);
      CHECK(conversation.state() == State::logged_in);
    }
}

TEST_CASE("the examples of RFC 5034, with credentials on the AUTH line and behind it, at every split") {
  const std::string list = "+OK List of capabilities follows\r\n";
  const std::string maker = "IMPLEMENTATION BlurdyBlurp POP3 server\r\n.\r\n";
  const Strings at_once = {"+OK POP3 server ready\r\n",
                           list + "SASL DIGEST-MD5 GSSAPI ANONYMOUS\r\nSTLS\r\n" + maker,
                           "+OK Begin TLS negotiation now\r\n",
                           "TLS",
                           list + "SASL PLAIN DIGEST-MD5 GSSAPI ANONYMOUS\r\n" + maker,
                           "+OK Maildrop locked and ready\r\n"};
  Strings in_steps = at_once;
  in_steps.insert(in_steps.end() - 1, "+ \r\n");
  // The client in the RFC also names the user as the identity to act as; mailhaul leaves that empty.
  const std::string credentials = base64_encode(std::string("\0test\0test", 10));
  const std::string before = "CAPA\r\nSTLS\r\nCAPA\r\nAUTH PLAIN";
  for (std::size_t piece = 1; piece <= 120; ++piece)
    for (const bool two : {false, true}) {
      CAPTURE(piece);
      Talk talk(Auth::automatic, Tls::starttls, two ? "plain-in-steps" : "");
      talk.login.user = "test";
      talk.login.secret = mailhaul::util::Secret("test");
      const Outcome outcome = run(talk, two ? in_steps : at_once, piece);
      CHECK(outcome.state == State::logged_in);
      CHECK(outcome.sent == before + (two ? "\r\n" : " ") + credentials + "\r\n");
    }
}

}  // namespace
