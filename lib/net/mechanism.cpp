// SPDX-License-Identifier: MIT
#include "net/mechanism.h"

#include <algorithm>
#include <array>

#include "util/ascii.h"
#include "util/digest.h"
#include "util/keyed_digest.h"

namespace mailhaul::net {

namespace {

using util::Secret;

constexpr std::array mechanisms = {
    Mechanism{Auth::plain, "PLAIN", true, start_plain},
    Mechanism{Auth::login, "LOGIN", true, start_login},
    Mechanism{Auth::cram_md5, "CRAM-MD5", false, start_cram_md5},
    Mechanism{Auth::scram_sha_1, "SCRAM-SHA-1", true, start_scram_sha_1},
    Mechanism{Auth::scram_sha_256, "SCRAM-SHA-256", true, start_scram_sha_256},
    Mechanism{Auth::external, "EXTERNAL", true, start_external},
    Mechanism{Auth::xoauth2, "XOAUTH2", true, start_xoauth2},
    Mechanism{Auth::oauthbearer, "OAUTHBEARER", true, start_oauthbearer},
};

Answer one_too_many() {
  return {.bytes = {}, .problem = "it sends more challenges than the mechanism has", .secret = true};
}

/// An exchange that consists of one answer.
template <typename Make>
Exchange single(Make make) {
  return {.answer = [make, sent = false](std::string_view challenge) mutable {
    if (sent) return one_too_many();
    sent = true;
    return make(challenge);
  }};
}

}  // namespace

const Mechanism* mechanism_of(Auth auth) {
  const auto* const found =
      std::ranges::find_if(mechanisms, [auth](const Mechanism& row) { return row.auth == auth; });
  return found == mechanisms.end() ? nullptr : &*found;
}

Exchange start_plain(const Credentials& credentials) {
  return single([credentials](std::string_view) {
    return Answer{.bytes = Secret(std::string(1, '\0') + credentials.user + std::string(1, '\0') +
                                  credentials.secret.reveal()),
                  .secret = true};
  });
}

/// The first answer is the name and the next one the password, because the wording of the questions is not
/// reliable. Only a second question that begins with "user" gets the name again.
Exchange start_login(const Credentials& credentials) {
  return {.answer = [credentials, names = 0, done = false](std::string_view question) mutable {
    const bool wants_name = util::lower(question).starts_with("user");
    if (done) return one_too_many();
    if (names == 0 || (names == 1 && wants_name)) {
      ++names;
      return Answer{.bytes = Secret(credentials.user)};
    }
    done = true;
    return Answer{.bytes = Secret(credentials.secret.reveal()), .secret = true};
  }};
}

Exchange start_cram_md5(const Credentials& credentials) {
  return single([credentials](std::string_view challenge) {
    if (challenge.empty()) return Answer{.bytes = {}, .problem = "its challenge is empty"};
    const std::string proof = util::hmac(util::Digest::md5, credentials.secret.reveal(), challenge);
    return Answer{.bytes = Secret(credentials.user + ' ' + util::hex(proof)), .secret = true};
  });
}

Exchange start_external(const Credentials& credentials) {
  return single(
      [credentials](std::string_view) { return Answer{.bytes = Secret(credentials.user), .secret = true}; });
}

}  // namespace mailhaul::net
