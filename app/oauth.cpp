// SPDX-License-Identifier: MIT
#include "app/oauth.h"

#include <chrono>

#include "credentials/token_file.h"
#include "net/refusal.h"

namespace mailhaul::app {

using credentials::OAuthOutside;
using credentials::OAuthSubject;
using net::Auth;

OAuthSubject oauth_subject(const account::Account& account, const util::Path& state_file) {
  return {.account = account.name,
          .user = account.user,
          .oauth = credentials::completed(*account.oauth),
          .token_file = credentials::token_path(state_file, account.name),
          .ca_file = account.server.ca_file,
          .proxy = account.server.proxy};
}

OAuthOutside oauth_outside(const util::Cancel& cancel) {
  return {.ask = [&cancel](const net::HttpsRequest& request) { return net::ask_https(request, cancel); },
          .now = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
          .cancel = &cancel};
}

namespace {

/// Throws the refusal of the mail server with `more` in its sentence, and with another hint. What the refusal
/// means does not change.
[[noreturn]] void refuse(const util::Error& error, const std::string& more, const std::string& hint) {
  const util::Error explained(error.kind(), error.what() + ("; " + more), hint);
  const auto* const refused = dynamic_cast<const net::RefusedError*>(&error);
  if (refused != nullptr) throw net::RefusedError(explained, refused->refusal());
  throw util::Error(explained);
}

[[noreturn]] void refuse_new_token(const util::Error& error, const OAuthSubject& subject,
                                   const util::Secret& token, const OAuthOutside& outside) {
  const auto why = credentials::explain_refused_token(subject, token, outside.now());
  refuse(error, why.sentence, why.hint);
}

/// Another token in place of one that the mail server has refused. If there is none, throws the refusal, so
/// that the next runs do not try the same token again at once.
credentials::AccessToken another_token(const util::Error& error, const OAuthSubject& subject,
                                       const util::Secret& token, const OAuthOutside& outside) {
  try {
    return credentials::access_token(subject, outside, &token);
  } catch (const util::Error& trouble) {
    if (trouble.kind() == util::Kind::cancelled) throw;
    refuse(error, std::string("and there is no other token: ") + trouble.what(), trouble.hint());
  }
}

net::LoggedIn open_with_token(const account::Account& account, const util::Secret& token,
                              const OpenWith& open) {
  const auto log_in = [&](Auth auth) {
    return open({.user = account.user, .secret = util::Secret(token.reveal()), .auth = auth});
  };
  if (account.auth != Auth::automatic) return log_in(account.auth);
  // Google and Microsoft do not accept the mechanism of RFC 7628, even if they list it.
  return log_in(account.oauth->provider.empty() ? Auth::bearer : Auth::xoauth2);
}

}  // namespace

net::LoggedIn open_by_oauth(const account::Account& account, const OAuthSubject& subject,
                            const util::Cancel& cancel, const OpenWith& open) {
  const auto outside = oauth_outside(cancel);
  auto token = credentials::access_token(subject, outside);
  if (!token.is_new) {
    try {
      return open_with_token(account, token.token, open);
    } catch (const util::Error& error) {
      if (error.kind() != util::Kind::login) throw;
      token = another_token(error, subject, token.token, outside);
    }
  }
  try {
    return open_with_token(account, token.token, open);
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::login) throw;
    refuse_new_token(error, subject, token.token, outside);
  }
}

}  // namespace mailhaul::app
