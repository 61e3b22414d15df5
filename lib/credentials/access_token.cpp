// SPDX-License-Identifier: MIT
#include "credentials/access_token.h"

#include <filesystem>
#include <variant>

#include "credentials/command.h"
#include "credentials/oauth_exchange.h"
#include "credentials/oauth_refusal.h"
#include "net/redactor.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::credentials {

using std::chrono::minutes;
using util::Error;
using util::Kind;
using util::Secret;

Client client_of(const OAuthSubject& subject, const OAuthOutside& outside, const std::string& otherwise) {
  Client client{.id = subject.oauth.client_id.empty() ? otherwise : subject.oauth.client_id, .secret = {}};
  const auto& command = subject.oauth.client_secret_command;
  if (!command.empty())
    client.secret = secret_from_command("client_secret_command", command, *outside.cancel);
  return client;
}

net::HttpsAnswer post(const OAuthSubject& subject, const OAuthOutside& outside, const std::string& url,
                      Secret form) {
  return outside.ask({.url = url,
                      .type = net::BodyType::form,
                      .body = std::move(form),
                      .ca_file = subject.ca_file,
                      .proxy = subject.proxy});
}

std::variant<TokenAnswer, OAuthRefusal> refresh(const OAuthSubject& subject, const OAuthOutside& outside,
                                                const Client& client, const Secret& refresh_token) {
  const auto answer =
      post(subject, outside, subject.oauth.token_url, refresh_form(subject.oauth, client, refresh_token));
  auto reply = read_token_reply(answer.status, answer.body.reveal());
  if (const auto* unusable = std::get_if<Unusable>(&reply)) throw passing_trouble(subject, answer, *unusable);
  if (auto* refusal = std::get_if<OAuthRefusal>(&reply)) return std::move(*refusal);
  return std::get<TokenAnswer>(std::move(reply));
}

Error passing_trouble(const OAuthSubject& subject, const net::HttpsAnswer& answer, const Unusable& reply) {
  const auto* row = find_provider(subject.oauth.provider);
  const auto later = answer.retry_after
                         ? "in " + std::to_string(answer.retry_after->count()) + " s, as it says"
                         : std::string("later");
  return {Kind::temporary,
          "cannot get a token from " +
              (row == nullptr ? std::string("the provider") : std::string(row->title)) + ": " + reply.why,
          "try again " + later + "; nothing has changed"};
}

void keep_with_hint(const std::string& hint, const std::function<void()>& step) {
  try {
    step();
  } catch (const Error& error) {
    if (error.kind() != Kind::storage) throw;
    throw Error(error.kind(), error.what(), hint);
  }
}

OAuthRefusal masked(OAuthRefusal refusal, std::initializer_list<const Secret*> secrets) {
  net::Redactor redactor;
  for (const auto* secret : secrets)
    if (!secret->empty()) redactor.hide(secret->reveal());
  return {redactor.text(refusal.error), redactor.text(refusal.description)};
}

namespace {

constexpr minutes least_rest{5};  // how much longer a token should be valid when a session begins

LoginNeeded no_login(const OAuthSubject& subject) {
  return {"there is no login for " + util::escape(subject.user) + " yet",
          "mailhaul login " + subject.account};
}

/// The login that is kept for this user, client and provider. Throws LoginNeeded if there is none.
Tokens kept_login(const OAuthSubject& subject, const TokenFile& file) {
  const auto login = "mailhaul login " + subject.account;
  auto tokens = file.read();
  if (!tokens) throw no_login(subject);
  const bool same_client = subject.oauth.client_id.empty() || tokens->client_id == subject.oauth.client_id;
  if (tokens->user == subject.user && tokens->token_url == subject.oauth.token_url && same_client)
    return std::move(*tokens);
  throw LoginNeeded(
      "the login that is stored is for another user, client or provider than the configuration says",
      "log in again: " + login);
}

LoginNeeded renewal_refused(const OAuthSubject& subject, const Tokens& tokens, const OAuthRefusal& refusal,
                            std::chrono::sys_seconds now) {
  const LoginAge age{.since_login = now - tokens.logged_in, .since_use = now - tokens.used};
  const auto error = explain(subject.oauth, "to renew the login", refusal, age);
  auto hint = error.hint();
  if (hint.ends_with("mailhaul login")) hint += " " + subject.account;
  return {error.what(), hint};
}

/// Asks for a new access token and saves it; reserve() has made the room. Errors leave the file as it was.
AccessToken renew(const OAuthSubject& subject, const OAuthOutside& outside, const TokenFile& file,
                  Tokens tokens) {
  const auto client = client_of(subject, outside, tokens.client_id);
  auto reply = refresh(subject, outside, client, tokens.refresh);
  if (const auto* refusal = std::get_if<OAuthRefusal>(&reply))
    throw renewal_refused(subject, tokens,
                          masked(*refusal, {&client.secret, &tokens.refresh, &tokens.access}), outside.now());
  auto& fresh = std::get<TokenAnswer>(reply);
  tokens.access = Secret(fresh.access.reveal());
  if (!fresh.refresh.empty()) tokens.refresh = Secret(fresh.refresh.reveal());
  tokens.used = outside.now();
  tokens.expires = tokens.used + fresh.lifetime;
  keep_with_hint(
      "the renewed login could not be kept: fix this, and run mailhaul again; if the provider then refuses "
      "the old login, log in again: mailhaul login " +
          subject.account,
      [&] { file.save(tokens); });
  return {.token = Secret(tokens.access.reveal()), .is_new = true};
}

}  // namespace

AccessToken access_token(const OAuthSubject& subject, const OAuthOutside& outside, const Secret* refused) {
  std::error_code unknown;
  const auto there = std::filesystem::status(subject.token_file, unknown).type();
  // Without a token file, no lock file is created: doctor asks for a token as well, and creates nothing.
  if (there == std::filesystem::file_type::not_found) throw no_login(subject);
  const TokenFile file(subject.token_file, *outside.cancel);
  auto tokens = kept_login(subject, file);
  const auto rest = tokens.expires - outside.now();
  // If the clock was set back, a token must not seem to live for years.
  const bool lives = rest > std::chrono::seconds(0) && rest <= std::chrono::hours(24 * 366);
  const bool is_refused =
      tokens.access.empty() || (refused != nullptr && refused->reveal() == tokens.access.reveal());
  if (lives && rest >= least_rest && !is_refused) return {.token = Secret(tokens.access.reveal())};
  const bool would_do = lives && !is_refused;
  if (tokens.refresh.empty()) {
    if (would_do) return {.token = Secret(tokens.access.reveal())};
    throw LoginNeeded(std::string(lives ? "the token" : "the token has expired, and") +
                          " cannot be renewed: the provider gave no refresh token",
                      "log in again: mailhaul login " + subject.account);
  }
  Secret old(would_do ? tokens.access.reveal() : std::string());
  bool asked = false;
  try {
    file.reserve();
    asked = true;
    return renew(subject, outside, file, std::move(tokens));
  } catch (const Error& error) {
    // The old token is valid for some more minutes, which is enough for a login. But if the provider was
    // asked, a failed write may have lost the only valid refresh token, and the user must know that.
    const bool passes = error.kind() == Kind::temporary || (error.kind() == Kind::storage && !asked);
    if (!would_do || !passes) throw;
    return {.token = std::move(old)};
  }
}

RefusedToken explain_refused_token(const OAuthSubject& subject, const Secret& token,
                                   std::chrono::sys_seconds now) {
  auto diagnosis = diagnose(subject.oauth, claims_of(token.reveal()), subject.user, now);
  return {std::move(diagnosis.sentence), std::move(diagnosis.hint)};
}

bool forget_login(const util::Path& token_file, const util::Cancel& cancel) {
  return TokenFile(token_file, cancel).remove();
}

}  // namespace mailhaul::credentials
