// SPDX-License-Identifier: MIT
// What a refusal of an OAuth 2 server means, and what a token says about itself; pure functions.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/oauth_messages.h"
#include "util/error.h"

namespace mailhaul::credentials {

/// The user has to log in (again), or to change something at the provider: status 77. The mail server was not
/// asked.
class LoginNeeded : public util::Error {
 public:
  LoginNeeded(const std::string& sentence, std::string hint)
      : util::Error(util::Kind::login, sentence, std::move(hint)) {}
};

/// How old a login is, which helps to find out why a provider no longer accepts a refresh token.
struct LoginAge {
  std::chrono::seconds since_login{0}, since_use{0};
};

/// A refusal in words: "Google refused to renew the login: invalid_grant (Token has been expired ...)", with
/// the step that helps. `doing` says what was refused, such as "to renew the login" or "a device code". `age`
/// is given for a refresh token only.
[[nodiscard]] LoginNeeded explain(const OAuth& oauth, std::string_view doing, const OAuthRefusal& refusal,
                                  const std::optional<LoginAge>& age = {});

/// The same for a refresh token that was pasted. The age of its login does not count.
[[nodiscard]] LoginNeeded explain_pasted(const OAuth& oauth, const std::string& account,
                                         const OAuthRefusal& refusal);

/// What a token in the form of a JWT (RFC 7519) says about itself. Its signature is not checked: this is for
/// the words of an error only.
struct Claims {
  std::string audience, scope, user;
  std::optional<std::chrono::sys_seconds> expires;
};
/// nullopt if the token is not a JWT. Google's tokens are not.
[[nodiscard]] std::optional<Claims> claims_of(std::string_view token);

/// Why a mail server may refuse a token that was made just now.
struct Diagnosis {
  std::string sentence, hint;
};
[[nodiscard]] Diagnosis diagnose(const OAuth& oauth, const std::optional<Claims>& claims,
                                 std::string_view user, std::chrono::sys_seconds now);

}  // namespace mailhaul::credentials
