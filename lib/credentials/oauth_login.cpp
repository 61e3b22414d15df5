// SPDX-License-Identifier: MIT
#include "credentials/oauth_login.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "credentials/loopback.h"
#include "credentials/oauth_exchange.h"
#include "credentials/oauth_refusal.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::credentials {
namespace {

using std::chrono::seconds;
using util::Error;
using util::Kind;
using util::Secret;

/// One login, with references to the arguments of log_in().
struct FirstLogin {
  const OAuthSubject& subject;
  const OAuthOutside& outside;
  const Person& person;
  Client client = {};
};

Tokens tokens_of(const FirstLogin& login, TokenAnswer answer) {
  const auto now = login.outside.now();
  if (answer.refresh.empty())
    login.person.tell("The provider gave no refresh token: this login is lost when its first token expires.");
  return {.access = std::move(answer.access),
          .refresh = std::move(answer.refresh),
          .expires = now + answer.lifetime,
          .logged_in = now,
          .used = now,
          .user = login.subject.user,
          .client_id = login.client.id,
          .token_url = login.subject.oauth.token_url};
}

/// Refuses a page that is not https: its address may come from a server, and the user is asked to open it.
void require_page(const std::string& url) {
  if (url.starts_with("https://") && !util::has_control_character(url)) return;
  throw Error(Kind::protocol, "the provider names a page that is not https: " + util::escape(url),
              "do not open it; check the URLs in \"oauth\"");
}

/// True for a client error (RFC 9110 section 15.5) except 408 and 429, which ask the client to come later.
bool refuses_for_good(int status) {
  constexpr int time_out = 408, too_many = 429;
  return status >= 400 && status < 500 && status != time_out && status != too_many;
}

DeviceAnswer ask_device_code(const FirstLogin& login) {
  const auto& oauth = login.subject.oauth;
  const auto answer = post(login.subject, login.outside, oauth.device_url, device_form(oauth, login.client));
  auto reply = read_device_reply(answer.status, answer.body.reveal());
  if (const auto* unusable = std::get_if<Unusable>(&reply)) {
    if (!refuses_for_good(answer.status)) throw passing_trouble(login.subject, answer, *unusable);
    throw LoginNeeded("no device code from " + util::escape(oauth.device_url) + ": " + unusable->why,
                      "check \"device_url\" and \"client_id\"");
  }
  if (const auto* refusal = std::get_if<OAuthRefusal>(&reply))
    throw explain(oauth, "a device code", masked(*refusal, {&login.client.secret}));
  auto& device = std::get<DeviceAnswer>(reply);
  require_page(device.url);
  return std::move(device);
}

/// How long to wait before the next poll.
struct PollPause {
  seconds interval;  ///< before every poll
  seconds once{0};   ///< before the next poll only, if it is longer
};

/// Polls once (RFC 8628 section 3.5). A temporary failure counts as slow_down, unless the server says when to
/// poll again.
std::optional<TokenReply> poll_once(const FirstLogin& login, const DeviceAnswer& device, PollPause& next) {
  next.once = seconds(0);
  try {
    const auto answer = post(login.subject, login.outside, login.subject.oauth.token_url,
                             poll_form(login.client, device.device_code));
    auto reply = read_token_reply(answer.status, answer.body.reveal());
    if (std::holds_alternative<TokenAnswer>(reply)) return reply;
    const auto* refusal = std::get_if<OAuthRefusal>(&reply);
    const bool slow_down = refusal != nullptr && refusal->error == "slow_down";
    const bool pending = refusal != nullptr && refusal->error == "authorization_pending";
    if (refusal != nullptr && !slow_down && !pending) return reply;
    next.once = answer.retry_after.value_or(seconds(0));
    if (slow_down || (!pending && !answer.retry_after)) next.interval += seconds(5);
  } catch (const Error& error) {
    if (error.kind() != Kind::temporary) throw;
    next.interval += seconds(5);
  }
  return std::nullopt;
}

Tokens by_device_code(const FirstLogin& login) {
  const auto device = ask_device_code(login);
  login.person.tell("Open " + device.url + " in any browser, on any device, and enter the code " +
                    util::escape(device.user_code) + "\nmailhaul waits until you have agreed.");
  PollPause next{.interval = std::clamp(device.interval, seconds(1), seconds(60))};
  for (auto waited = seconds(0); waited < device.lifetime;) {
    const auto pause = std::min(std::max(next.interval, next.once), device.lifetime - waited);
    login.person.wait(pause);
    waited += pause;
    auto reply = poll_once(login, device, next);
    if (!reply) continue;
    if (auto* answer = std::get_if<TokenAnswer>(&*reply)) return tokens_of(login, std::move(*answer));
    throw explain(login.subject.oauth, "the login",
                  masked(std::get<OAuthRefusal>(*reply), {&login.client.secret, &device.device_code}));
  }
  throw explain(login.subject.oauth, "the login", {"expired_token", "the code has expired"});
}

/// The URL to which the browser brings the answer.
std::string redirect_of(const OAuth& oauth) {
  if (!oauth.redirect_url.empty()) return oauth.redirect_url;
  const auto* row = find_provider(oauth.provider);
  return "http://" + std::string(row == nullptr ? "127.0.0.1" : row->redirect_host);
}

Tokens redeem(const FirstLogin& login, const Loopback& loopback, CodeGrant grant) {
  const auto& oauth = login.subject.oauth;
  grant.redirect = loopback.url();
  const auto answer = post(login.subject, login.outside, oauth.token_url, code_form(login.client, grant));
  auto reply = read_token_reply(answer.status, answer.body.reveal());
  if (const auto* unusable = std::get_if<Unusable>(&reply))
    throw passing_trouble(login.subject, answer, *unusable);
  if (const auto* refusal = std::get_if<OAuthRefusal>(&reply))
    throw explain(oauth, "the login", masked(*refusal, {&login.client.secret, &grant.code, &grant.verifier}));
  return tokens_of(login, std::move(std::get<TokenAnswer>(reply)));
}

Tokens by_browser(const FirstLogin& login, const Loopback& loopback) {
  const auto& oauth = login.subject.oauth;
  auto verifier = random_word();
  const auto state = random_word();
  const auto url = consent_url(oauth, login.client.id,
                               {.redirect = loopback.url(),
                                .state = state.reveal(),
                                .challenge = challenge_of(verifier),
                                .user = login.subject.user});
  require_page(url);
  const bool can_paste = login.person.terminal >= 0;
  if (!loopback.listens() && !can_paste)
    throw Error(Kind::usage,
                "the answer of the browser cannot reach mailhaul at " + util::escape(loopback.url()),
                "run mailhaul login at a terminal");
  login.person.tell("Open this page in a browser and agree:\n" + url);
  if (can_paste)
    login.person.tell(
        "If the browser runs on another machine, its last page fails to load. Copy the address of that page, "
        "paste\n"
        "it here, and press Enter. It is not shown.");
  login.person.show_page(url);
  auto redirected = loopback.wait({.state = state.reveal(),
                                   .terminal = login.person.terminal,
                                   .cancel = *login.outside.cancel,
                                   .tell = login.person.tell});
  if (!redirected.error.empty())
    throw explain(oauth, "the login", masked({redirected.error, redirected.description}, {&verifier}));
  return redeem(login, loopback,
                {.redirect = {}, .code = std::move(redirected.code), .verifier = std::move(verifier)});
}

/// "https://auth.example.org/oauth/token" -> the server's metadata (RFC 8414 section 3).
std::string metadata_url(const std::string& token_url) {
  const auto host = std::min(token_url.find('/', std::string_view("https://").size()), token_url.size());
  return token_url.substr(0, host) + "/.well-known/oauth-authorization-server";
}

void throw_passing_trouble(const OAuthSubject& subject, const net::HttpsAnswer& answer) {
  if (answer.status >= 500 || answer.status == 429 || answer.status == 408)
    throw passing_trouble(subject, answer, {"status " + std::to_string(answer.status)});
}

/// The id of a newly registered client (RFC 7591); empty if the provider offers no registration. Throws
/// LoginNeeded if the provider refuses.
std::string registered_client(const FirstLogin& login, const std::string& redirect) {
  const auto& subject = login.subject;
  if (find_provider(subject.oauth.provider) != nullptr) return {};
  const auto metadata = login.outside.ask(
      {.url = metadata_url(subject.oauth.token_url), .ca_file = subject.ca_file, .proxy = subject.proxy});
  throw_passing_trouble(subject, metadata);
  const auto url = metadata.status == 200 ? json_text(metadata.body.reveal(), "registration_endpoint") : "";
  if (url.empty()) return {};
  const auto answer = login.outside.ask({.url = url,
                                         .type = net::BodyType::json,
                                         .body = Secret(registration_json(subject.oauth, redirect)),
                                         .ca_file = subject.ca_file,
                                         .proxy = subject.proxy});
  throw_passing_trouble(subject, answer);
  const auto& text = answer.body.reveal();
  if (const auto error = json_text(text, "error"); !error.empty()) {
    const auto refused = explain(subject.oauth, "to register mailhaul as a client",
                                 {error, json_text(text, "error_description")});
    throw LoginNeeded(refused.what(),
                      "register a client with the provider yourself, and put its id into the "
                      "configuration as \"client_id\" in \"oauth\"");
  }
  return json_text(text, "client_id");
}

/// The client of the login that is kept for the same provider; empty: there is none.
std::string kept_client(const FirstLogin& login) {
  const auto& subject = login.subject;
  if (::access(subject.token_file.c_str(), F_OK) != 0) return {};
  try {
    const auto tokens = TokenFile(subject.token_file, *login.outside.cancel).read();
    if (tokens && tokens->token_url == subject.oauth.token_url) return tokens->client_id;
  } catch (const Error& error) {  // a damaged file is replaced by this login
    if (error.kind() == Kind::cancelled) throw;
  }
  return {};
}

/// A client for a profile that names none: a new one, or else the client of the kept login, which may work
/// even if the provider no longer registers clients.
std::string client_without_profile(const FirstLogin& login, const std::string& redirect) {
  try {
    const auto registered = registered_client(login, redirect);
    return registered.empty() ? kept_client(login) : registered;
  } catch (const LoginNeeded&) {
    auto kept = kept_client(login);
    if (kept.empty()) throw;
    return kept;
  }
}

std::string hint_before_login(const OAuthSubject& subject) {
  return "the provider was not asked yet: free some space or make the directory writable, and log in again: "
         "mailhaul login " +
         subject.account;
}

bool may_use_browser_after(const LoginNeeded& refusal) {
  const std::string_view words = refusal.what();
  return words.find("access_denied") == std::string_view::npos &&
         words.find("authorization_declined") == std::string_view::npos &&
         words.find("expired_token") == std::string_view::npos;
}

/// A refresh token goes only to the provider that made it. Throws Error{usage}.
void require_fitting(const OAuthSubject& subject, const Tokens& tokens) {
  const bool fits = (tokens.token_url.empty() || tokens.token_url == subject.oauth.token_url) &&
                    (tokens.user.empty() || tokens.user == subject.user);
  if (fits) return;
  throw Error(
      Kind::usage,
      "the token is for another user or provider than the account " + subject.account +
          "; it was sent nowhere",
      "name the account that it is for, or make one: mailhaul login --print-token " + subject.account);
}

}  // namespace

Tokens log_in(const OAuthSubject& subject, const OAuthOutside& outside, const Person& person) {
  FirstLogin login{.subject = subject, .outside = outside, .person = person};
  const auto& oauth = subject.oauth;
  const Loopback loopback(redirect_of(oauth));
  const auto registered =
      oauth.client_id.empty() ? client_without_profile(login, loopback.url()) : std::string();
  login.client = client_of(subject, outside, registered);
  if (login.client.id.empty()) {
    person.tell(client_id_advice(oauth));
    throw Error(Kind::config, "\"oauth\" has no \"client_id\"", "the lines above say how to get one");
  }
  if (oauth.device_url.empty()) return by_browser(login, loopback);
  try {
    return by_device_code(login);
  } catch (const LoginNeeded& refusal) {
    if (oauth.authorize_url.empty() || !may_use_browser_after(refusal)) throw;
    person.tell(std::string(refusal.what()) + "\n" + refusal.hint() + "\nmailhaul continues with a browser.");
  }
  return by_browser(login, loopback);
}

Tokens take_token(const OAuthSubject& subject, const OAuthOutside& outside, std::string_view text) {
  const auto line = util::without_line_ends(util::without_leading_blanks(text));
  Tokens tokens;
  if (line.starts_with("{")) {
    auto given = read_tokens(line);
    if (!given)
      throw Error(Kind::usage, "the text is not a token printed by mailhaul login --print-token",
                  "copy the whole line that it printed");
    tokens = std::move(*given);
    require_fitting(subject, tokens);
  } else {
    tokens.refresh = Secret(std::string(line));
  }
  if (tokens.refresh.empty() || tokens.refresh.reveal().find_first_of(" \r\n\t") != std::string::npos)
    throw Error(Kind::usage, "there is no refresh token in the text",
                "make one on a machine with a browser: mailhaul login --print-token " + subject.account);
  const auto client = client_of(subject, outside, tokens.client_id);
  if (client.id.empty())
    throw Error(Kind::config, "\"oauth\" has no \"client_id\"", "use the client that made the token");
  auto reply = refresh(subject, outside, client, tokens.refresh);
  if (const auto* refusal = std::get_if<OAuthRefusal>(&reply))
    throw explain_pasted(subject.oauth, subject.account,
                         masked(*refusal, {&client.secret, &tokens.refresh, &tokens.access}));
  auto& fresh = std::get<TokenAnswer>(reply);
  const auto now = outside.now();
  const auto logged_in = tokens.logged_in.time_since_epoch().count() != 0 ? tokens.logged_in : now;
  return {.access = std::move(fresh.access),
          .refresh = fresh.refresh.empty() ? std::move(tokens.refresh) : std::move(fresh.refresh),
          .expires = now + fresh.lifetime,
          .logged_in = logged_in,
          .used = now,
          .user = subject.user,
          .client_id = client.id,
          .token_url = subject.oauth.token_url};
}

void make_room(const OAuthSubject& subject, const OAuthOutside& outside) {
  keep_with_hint(hint_before_login(subject),
                 [&] { TokenFile(subject.token_file, *outside.cancel).reserve(); });
}

void keep_login(const OAuthSubject& subject, const OAuthOutside& outside, const Tokens& tokens) {
  keep_with_hint("the login could not be kept; fix this, and log in again: mailhaul login " + subject.account,
                 [&] { TokenFile(subject.token_file, *outside.cancel).save(tokens); });
}

void keep_token(const OAuthSubject& subject, const OAuthOutside& outside, std::string_view text) {
  std::optional<TokenFile> file;
  keep_with_hint(hint_before_login(subject), [&] {
    file.emplace(subject.token_file, *outside.cancel);
    file->reserve();
  });
  const auto tokens = take_token(subject, outside, text);
  keep_with_hint(
      "the provider may have replaced the token already; fix this, and make another one: "
      "mailhaul login --print-token " +
          subject.account,
      [&] { file->save(tokens); });
}

}  // namespace mailhaul::credentials
