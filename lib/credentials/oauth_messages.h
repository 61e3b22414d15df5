// SPDX-License-Identifier: MIT
// What is sent to OAuth 2 servers and what they answer, as pure functions: RFC 6749 (OAuth 2), RFC 7636
// (PKCE), RFC 8252 (native apps), RFC 8628 (device code), RFC 7591 (registration).
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "credentials/oauth.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// Base64 for URLs, without padding (RFC 4648 section 5).
std::string base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

/// 256 random bits in base64url, for a verifier (RFC 7636 section 4.1) or a state.
[[nodiscard]] util::Secret random_word();
/// The S256 challenge of a verifier (RFC 7636 section 4.2).
std::string challenge_of(const util::Secret& verifier);

/// The client that asks, and its secret if the provider gave it one.
struct Client {
  std::string id;
  util::Secret secret;
};

/// The page where the user agrees (RFC 6749 section 4.1.1).
struct Consent {
  std::string redirect, state, challenge, user;
};
std::string consent_url(const OAuth& oauth, const std::string& client_id, const Consent& consent);

/// The bodies of requests, as forms.
struct CodeGrant {
  std::string redirect;
  util::Secret code, verifier;
};
util::Secret code_form(const Client& client, const CodeGrant& grant);  ///< RFC 6749 section 4.1.3
util::Secret refresh_form(const OAuth& oauth, const Client& client,
                          const util::Secret& refresh);                         ///< section 6
util::Secret device_form(const OAuth& oauth, const Client& client);             ///< RFC 8628 section 3.1
util::Secret poll_form(const Client& client, const util::Secret& device_code);  ///< section 3.4
/// The body of a registration, as JSON (RFC 7591 section 2).
std::string registration_json(const OAuth& oauth, const std::string& redirect);

/// RFC 6749 section 5.1.
struct TokenAnswer {
  util::Secret access, refresh;  ///< refresh: may be empty, then the old one stays valid
  std::chrono::seconds lifetime{0};
  std::string scope;
};
/// RFC 6749 section 5.2.
struct OAuthRefusal {
  std::string error, description;
};
/// An answer that is neither of these: a temporary failure, or not from an OAuth 2 server.
struct Unusable {
  std::string why;  ///< "status 503", "not JSON"
};
using TokenReply = std::variant<TokenAnswer, OAuthRefusal, Unusable>;
[[nodiscard]] TokenReply read_token_reply(int status, std::string_view body);

/// RFC 8628 section 3.2.
struct DeviceAnswer {
  util::Secret device_code;
  std::string user_code, url;
  std::chrono::seconds lifetime{0}, interval{5};
};
[[nodiscard]] std::variant<DeviceAnswer, OAuthRefusal, Unusable> read_device_reply(int status,
                                                                                   std::string_view body);

/// What the browser brought back: the query of the redirect URL (RFC 6749 section 4.1.2).
struct Redirected {
  util::Secret code;
  std::string state, error, description;
};
/// `text` is a URL, the target of an HTTP request, or a query. Empty: it has neither a code nor an error.
[[nodiscard]] std::optional<Redirected> read_redirect(std::string_view text);

/// A member of a JSON object, as text; empty if there is none, or the text is not JSON.
std::string json_text(std::string_view json, std::string_view name);

}  // namespace mailhaul::credentials
