// SPDX-License-Identifier: MIT
// SASL mechanisms (RFC 4422) without the frame that a protocol puts around them: AUTH in POP3 (RFC 5034) and
// SMTP, AUTHENTICATE in IMAP. No I/O.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "net/connection.h"
#include "util/keyed_digest.h"
#include "util/secret.h"

namespace mailhaul::net {

/// Who logs in where, and with what. Borrowed by an exchange for as long as it lasts.
struct Credentials {
  const std::string& user;
  const util::Secret& secret;  ///< the password or the token
  const Endpoint& endpoint;
};

/// What the client says to a challenge.
struct Answer {
  util::Secret bytes;     ///< before base64
  std::string problem{};  ///< how the server broke the mechanism, so that the client cancels; or empty
  std::string refusal{};  ///< why the server refuses, if the challenge says that; or empty
  bool secret = false;    ///< this answer, or one before it, proves or contains the password or token
};

/// The client's side of one exchange.
struct Exchange {
  /// The answer to the next challenge, which is already decoded from base64. If the client speaks first, the
  /// first challenge is empty.
  std::function<Answer(std::string_view challenge)> answer;
  /// Called when the server has accepted the login: why that is not to be believed; empty if it is.
  std::function<std::string()> doubt = [] { return std::string(); };
};

struct Mechanism {
  Auth auth;
  std::string_view name;  ///< as on the wire
  bool client_first;      ///< the first answer may stand on the line of the command
  Exchange (*start)(const Credentials& credentials);
};

/// The mechanism that an `auth` names; nullptr for those that are no mechanism, or are left to libcurl.
const Mechanism* mechanism_of(Auth auth);

// One function for each mechanism, for the rows of the table.
Exchange start_plain(const Credentials& credentials);          ///< RFC 4616
Exchange start_login(const Credentials& credentials);          ///< never standardised
Exchange start_cram_md5(const Credentials& credentials);       ///< RFC 2195
Exchange start_external(const Credentials& credentials);       ///< RFC 4422 appendix A
Exchange start_scram_sha_1(const Credentials& credentials);    ///< RFC 5802
Exchange start_scram_sha_256(const Credentials& credentials);  ///< RFC 7677
Exchange start_xoauth2(const Credentials& credentials);        ///< as Google and Microsoft describe it
Exchange start_oauthbearer(const Credentials& credentials);    ///< RFC 7628

/// SCRAM with a given nonce, which lets tests repeat the examples of the RFCs.
Exchange start_scram(const Credentials& credentials, util::Digest digest, std::string nonce);

}  // namespace mailhaul::net
