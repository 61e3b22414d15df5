// SPDX-License-Identifier: MIT
// The first login at an OAuth 2 provider, with a person at hand.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "credentials/access_token.h"
#include "credentials/token_file.h"

namespace mailhaul::credentials {

/// What a first login needs from outside of lib in addition.
struct Person {
  std::function<void(const std::string&)> tell;           ///< one paragraph, without LF at its end
  std::function<void(const std::string& url)> show_page;  ///< opens a browser, if there is one
  std::function<void(std::chrono::seconds)> wait;         ///< throws Error{cancelled}
  int terminal = -1;                                      ///< pasted lines are read from it; -1: none
};

/// Gets tokens in the ways that the provider offers: by device code, then by browser. Stores nothing. Throws
/// LoginNeeded when it is refused, Error{config} if there is no client id and none can be registered.
[[nodiscard]] Tokens log_in(const OAuthSubject& subject, const OAuthOutside& outside, const Person& person);

/// Reads the text that `login --print-token` printed elsewhere, or a bare refresh token, and renews the token
/// to make sure that it works. Throws LoginNeeded, Error{usage}.
[[nodiscard]] Tokens take_token(const OAuthSubject& subject, const OAuthOutside& outside,
                                std::string_view text);

/// Checks before a login that it can be stored: a disk that is full or read-only must not cost the user a
/// login. Throws Error{storage}.
void make_room(const OAuthSubject& subject, const OAuthOutside& outside);

/// Stores a login, in place of the one before.
void keep_login(const OAuthSubject& subject, const OAuthOutside& outside, const Tokens& tokens);

/// take_token() and keep_login() in one step, with room made before the token is spent.
void keep_token(const OAuthSubject& subject, const OAuthOutside& outside, std::string_view text);

}  // namespace mailhaul::credentials
