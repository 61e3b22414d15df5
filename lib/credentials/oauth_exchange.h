// SPDX-License-Identifier: MIT
// Requests to the token URL, with the client's id and secret.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "credentials/access_token.h"
#include "credentials/oauth_messages.h"
#include "credentials/token_file.h"

namespace mailhaul::credentials {

/// The client of the profile; if the profile names none, the client with the id `otherwise`. Runs
/// client_secret_command.
[[nodiscard]] Client client_of(const OAuthSubject& subject, const OAuthOutside& outside,
                               const std::string& otherwise);

/// POSTs a form. Throws what net::ask_https() does.
[[nodiscard]] net::HttpsAnswer post(const OAuthSubject& subject, const OAuthOutside& outside,
                                    const std::string& url, util::Secret form);

/// The error for an answer that is neither a token nor a refusal.
[[nodiscard]] util::Error passing_trouble(const OAuthSubject& subject, const net::HttpsAnswer& answer,
                                          const Unusable& reply);

/// Asks for a new access token with this refresh token. Throws what post() does, and passing_trouble().
[[nodiscard]] std::variant<TokenAnswer, OAuthRefusal> refresh(const OAuthSubject& subject,
                                                              const OAuthOutside& outside,
                                                              const Client& client,
                                                              const util::Secret& refresh_token);

/// Runs a step that writes the file of a login. `hint` replaces the hint of an Error{storage}, which may say
/// that nothing is lost.
void keep_with_hint(const std::string& hint, const std::function<void()>& step);

/// Removes our secrets from the words of a server.
OAuthRefusal masked(OAuthRefusal refusal, std::initializer_list<const util::Secret*> secrets);

}  // namespace mailhaul::credentials
