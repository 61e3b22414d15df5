// SPDX-License-Identifier: MIT
// An access token for a login at the mail server: the one that is kept, or a new one.
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "credentials/oauth.h"
#include "net/https_request.h"
#include "util/cancel.h"
#include "util/file.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// Whose login it is, at which provider, and where it is kept. Borrowed for the call.
struct OAuthSubject {
  std::string account, user;
  OAuth oauth;
  util::Path token_file;
  std::string ca_file, proxy;
};

/// What OAuth 2 needs from outside of lib; `app` provides it.
struct OAuthOutside {
  std::function<net::HttpsAnswer(const net::HttpsRequest&)> ask;
  std::function<std::chrono::sys_seconds()> now;
  const util::Cancel* cancel = nullptr;
};

struct AccessToken {
  util::Secret token;
  bool is_new = false;  ///< made by this call
};

/// A token that is valid for at least five more minutes, if possible. A new token is on the disk before this
/// returns. `refused`: a token that the mail server has refused, or nullptr; it is not returned again. Throws
/// LoginNeeded (oauth_refusal.h), Error{temporary} for a temporary failure at the provider, Error{storage}.
[[nodiscard]] AccessToken access_token(const OAuthSubject& subject, const OAuthOutside& outside,
                                       const util::Secret* refused = nullptr);

/// The words of an error for a new token that the mail server has refused: what the token says about itself,
/// and what helps.
struct RefusedToken {
  std::string sentence, hint;
};
RefusedToken explain_refused_token(const OAuthSubject& subject, const util::Secret& token,
                                   std::chrono::sys_seconds now);

/// Removes the login that is kept on this machine, and returns false if there was none. Sends nothing to the
/// provider.
[[nodiscard]] bool forget_login(const util::Path& token_file, const util::Cancel& cancel);

}  // namespace mailhaul::credentials
