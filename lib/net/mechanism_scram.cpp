// SPDX-License-Identifier: MIT
// SCRAM (RFC 5802, RFC 7677): the password is not sent, and the server proves that it knows the password.
// Passwords are taken as they are, in UTF-8: SASLprep (RFC 4013) would change some that are not ASCII.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "net/mechanism.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/keyed_digest.h"

namespace mailhaul::net {

namespace {

using util::Digest;
using util::Secret;

constexpr std::uint64_t fewest_iterations = 4096;     // RFC 7677 section 4
constexpr std::uint64_t most_iterations = 2'000'000;  // about a second of work: no server may ask for hours
constexpr std::size_t nonce_bytes = 18;

/// Takes an attribute off the front of `message` and returns its value: "r=abc,s=def" -> "abc".
std::optional<std::string_view> take(std::string_view& message, char name) {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const auto end = std::min(message.find(','), message.size());
  const auto value = message.substr(2, end - 2);
  message.remove_prefix(std::min(end + 1, message.size()));
  return value;
}

std::string escaped(std::string_view user) {
  std::string result;
  for (const char c : user) {
    if (c == ',')
      result += "=2C";
    else if (c == '=')
      result += "=3D";
    else
      result += c;
  }
  return result;
}

std::string exclusive_or(std::string one, std::string_view other) {
  for (std::size_t i = 0; i < one.size(); ++i)
    one[i] = static_cast<char>(static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]));
  return one;
}

/// One exchange, in the terms of RFC 5802 section 3.
class Scram {
 public:
  Scram(const Credentials& credentials, Digest digest, std::string nonce)
      : credentials_(credentials), digest_(digest), nonce_(std::move(nonce)) {}

  Answer answer(std::string_view challenge) {
    switch (step_++) {
      case 0:
        return first();
      case 1:
        return prove(challenge);
      case 2:
        return verify(challenge);
      default:
        return broken("it sends more challenges than the mechanism has");
    }
  }
  std::string doubt() const {
    return verified_ ? "" : "it accepts the login without a proof that it knows the password";
  }

 private:
  Answer broken(std::string problem) const {
    return {.bytes = {}, .problem = std::move(problem), .secret = step_ > 2};
  }

  Answer first() {
    first_bare_ = "n=" + escaped(credentials_.user) + ",r=" + nonce_;
    return {.bytes = Secret("n,," + first_bare_)};
  }

  Answer prove(std::string_view challenge) {
    std::string_view rest = challenge;
    if (const auto error = take(rest, 'e')) return refused(*error);
    const auto nonce = take(rest, 'r');
    const auto salt = take(rest, 's');
    const auto count = take(rest, 'i');
    const auto iterations = util::parse_number(count.value_or(""));
    const auto salt_bytes = util::base64_decode(salt.value_or(""));
    if (!nonce || !salt_bytes || salt_bytes->empty() || !iterations)
      return broken("its challenge is not a SCRAM challenge");
    if (nonce->size() <= nonce_.size() || !nonce->starts_with(nonce_))
      return broken("its challenge belongs to another login");
    if (*iterations < fewest_iterations)
      return broken("its iteration count " + std::to_string(*iterations) +
                    " is too low to protect the password");
    if (*iterations > most_iterations)
      return broken("its iteration count " + std::to_string(*iterations) + " is too high");
    const Secret salted(
        util::pbkdf2(digest_, credentials_.secret.reveal(), *salt_bytes, static_cast<int>(*iterations)));
    const std::string last_bare = "c=biws,r=" + std::string(*nonce);  // "n,," in base64
    const std::string all = first_bare_ + ',' + std::string(challenge) + ',' + last_bare;
    const Secret client_key(util::hmac(digest_, salted.reveal(), "Client Key"));
    const std::string stored_key = util::digest(digest_, client_key.reveal());
    const std::string proof = exclusive_or(client_key.reveal(), util::hmac(digest_, stored_key, all));
    signature_ = util::hmac(digest_, util::hmac(digest_, salted.reveal(), "Server Key"), all);
    return {.bytes = Secret(last_bare + ",p=" + util::base64_encode(proof)), .secret = true};
  }

  Answer verify(std::string_view challenge) {
    std::string_view rest = challenge;
    if (const auto error = take(rest, 'e')) return refused(*error);
    const auto signature = util::base64_decode(take(rest, 'v').value_or(""));
    if (!signature || !util::equal_secretly(*signature, signature_))
      return broken("it does not know the password, and may not be the server that it seems to be");
    verified_ = true;
    return {.bytes = {}, .secret = true};
  }

  Answer refused(std::string_view error) const {
    return {.bytes = {}, .refusal = error.empty() ? "no reason given" : std::string(error), .secret = true};
  }

  Credentials credentials_;
  Digest digest_;
  std::string nonce_, first_bare_, signature_;
  int step_ = 0;
  bool verified_ = false;
};

std::string fresh_nonce() { return util::base64_encode(util::random_bytes(nonce_bytes)); }

}  // namespace

Exchange start_scram(const Credentials& credentials, Digest digest, std::string nonce) {
  const auto scram = std::make_shared<Scram>(credentials, digest, std::move(nonce));
  return {.answer = [scram](std::string_view challenge) { return scram->answer(challenge); },
          .doubt = [scram] { return scram->doubt(); }};
}

Exchange start_scram_sha_1(const Credentials& credentials) {
  return start_scram(credentials, Digest::sha1, fresh_nonce());
}
Exchange start_scram_sha_256(const Credentials& credentials) {
  return start_scram(credentials, Digest::sha256, fresh_nonce());
}

}  // namespace mailhaul::net
