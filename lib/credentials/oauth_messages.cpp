// SPDX-License-Identifier: MIT
#include "credentials/oauth_messages.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "util/base64.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/percent.h"

namespace mailhaul::credentials {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// In seconds; longer times in a server's answer are shortened to this one.
constexpr int longest_time = 365 * 86400;

struct FormField {
  std::string_view name, value;
};

/// Fields without a value are left out.
util::Secret form_of(std::initializer_list<FormField> fields) {
  std::string form;
  form.reserve(64U << 10U);  // so that no copy stays behind in memory
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    form.append(form.empty() ? "" : "&").append(name).append("=").append(util::percent_encode(value));
  }
  return util::Secret(std::move(form));
}

Json object_in(std::string_view text) {
  auto json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json();
}

std::string text_in(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A number of seconds; some servers write it as a string.
std::optional<seconds> seconds_in(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  double value = -1;
  if (found->is_number()) value = found->get<double>();
  if (found->is_string()) {
    const auto text = found->get<std::string>();
    if (!text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos)
      value = std::stod(text);
  }
  if (value < 0) return std::nullopt;
  return seconds(static_cast<int>(std::min<double>(value, longest_time)));
}

/// What any request may get in place of its answer: a temporary failure, or a refusal. nullopt if the object
/// is neither.
std::optional<std::variant<OAuthRefusal, Unusable>> trouble_in(int status, const Json& object) {
  const std::string said = "status " + std::to_string(status);
  if (status >= 500 || status == 429 || status == 408) return Unusable{said};
  if (!object.is_object())
    return Unusable{status == 200 ? "an answer that is not JSON" : said + ", and no JSON"};
  const auto error = text_in(object, "error");
  if (error == "temporarily_unavailable" || error == "server_error") return Unusable{said + ", " + error};
  if (!error.empty()) return OAuthRefusal{error, text_in(object, "error_description")};
  if (status < 200 || status > 299) return Unusable{said};
  return std::nullopt;
}

template <typename Reply>
Reply as(std::variant<OAuthRefusal, Unusable>&& trouble) {
  return std::visit([](auto&& one) -> Reply { return std::move(one); }, std::move(trouble));
}

}  // namespace

std::string base64url(std::string_view bytes) {
  auto text = util::base64_encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  while (plain.size() % 4 != 0) plain += '=';
  return util::base64_decode(plain);
}

util::Secret random_word() {
  std::array<char, 32> random{};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    util::throw_errno(util::Kind::os, "get random bytes from", "getrandom");
  return util::Secret(base64url({random.data(), random.size()}));
}

std::string challenge_of(const util::Secret& verifier) {
  const auto hash = util::sha256(verifier.reveal());
  return base64url(std::string(hash.begin(), hash.end()));
}

std::string consent_url(const OAuth& oauth, const std::string& client_id, const Consent& consent) {
  const auto* row = find_provider(oauth.provider);
  const bool has_query = oauth.authorize_url.find('?') != std::string::npos;
  std::string url = oauth.authorize_url + (has_query ? "&" : "?") + "response_type=code";
  const auto add = [&url](std::string_view name, std::string_view value) {
    if (!value.empty()) url.append("&").append(name).append("=").append(util::percent_encode(value));
  };
  add("client_id", client_id);
  add("redirect_uri", consent.redirect);
  add("scope", oauth.scope);
  add("state", consent.state);
  add("code_challenge", consent.challenge);
  add("code_challenge_method", "S256");
  add("login_hint", consent.user);
  if (row != nullptr) url.append(row->authorize_extra);
  return url;
}

util::Secret code_form(const Client& client, const CodeGrant& grant) {
  return form_of({{"grant_type", "authorization_code"},
                  {"client_id", client.id},
                  {"client_secret", client.secret.reveal()},
                  {"code", grant.code.reveal()},
                  {"code_verifier", grant.verifier.reveal()},
                  {"redirect_uri", grant.redirect}});
}

/// The scope is sent again, because Microsoft otherwise issues a token for the scope that was requested last.
util::Secret refresh_form(const OAuth& oauth, const Client& client, const util::Secret& refresh) {
  return form_of({{"grant_type", "refresh_token"},
                  {"client_id", client.id},
                  {"client_secret", client.secret.reveal()},
                  {"refresh_token", refresh.reveal()},
                  {"scope", oauth.scope}});
}

util::Secret device_form(const OAuth& oauth, const Client& client) {
  return form_of({{"client_id", client.id}, {"scope", oauth.scope}});
}

util::Secret poll_form(const Client& client, const util::Secret& device_code) {
  return form_of({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                  {"client_id", client.id},
                  {"client_secret", client.secret.reveal()},
                  {"device_code", device_code.reveal()}});
}

std::string registration_json(const OAuth& oauth, const std::string& redirect) {
  const Json registration{
      {"client_name", "mailhaul"},   {"application_type", "native"},
      {"redirect_uris", {redirect}}, {"grant_types", {"authorization_code", "refresh_token"}},
      {"response_types", {"code"}},  {"token_endpoint_auth_method", "none"},
      {"scope", oauth.scope}};
  return registration.dump();
}

TokenReply read_token_reply(int status, std::string_view body) {
  const auto object = object_in(body);
  if (auto trouble = trouble_in(status, object)) return as<TokenReply>(std::move(*trouble));
  TokenAnswer answer{.access = util::Secret(text_in(object, "access_token")),
                     .refresh = util::Secret(text_in(object, "refresh_token")),
                     .lifetime = seconds_in(object, "expires_in").value_or(seconds(3600)),
                     .scope = text_in(object, "scope")};
  const auto& token = answer.access.reveal();
  const bool printable = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (token.empty() || !printable) return Unusable{"an answer without a usable access token"};
  return answer;
}

std::variant<DeviceAnswer, OAuthRefusal, Unusable> read_device_reply(int status, std::string_view body) {
  using Reply = std::variant<DeviceAnswer, OAuthRefusal, Unusable>;
  const auto object = object_in(body);
  if (auto trouble = trouble_in(status, object)) return as<Reply>(std::move(*trouble));
  DeviceAnswer answer{.device_code = util::Secret(text_in(object, "device_code")),
                      .user_code = text_in(object, "user_code"),
                      .url = text_in(object, "verification_uri"),
                      .lifetime = seconds_in(object, "expires_in").value_or(seconds(900)),
                      .interval = seconds_in(object, "interval").value_or(seconds(5))};
  if (answer.url.empty()) answer.url = text_in(object, "verification_url");  // Google's name for it
  if (answer.device_code.empty() || answer.user_code.empty() || answer.url.empty())
    return Unusable{"an answer without a device code"};
  return answer;
}

std::optional<Redirected> read_redirect(std::string_view text) {
  const auto question = text.find('?');
  if (question != std::string_view::npos) text.remove_prefix(question + 1);
  text = text.substr(0, text.find_first_of("# \r\n"));
  Redirected redirected;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    const auto equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = field.substr(0, equals);
    auto value = util::percent_decode(field.substr(equals + 1));
    if (name == "code")
      redirected.code = util::Secret(std::move(value));
    else if (name == "state")
      redirected.state = std::move(value);
    else if (name == "error")
      redirected.error = std::move(value);
    else if (name == "error_description")
      redirected.description = std::move(value);
  }
  if (redirected.code.empty() && redirected.error.empty()) return std::nullopt;
  return redirected;
}

std::string json_text(std::string_view json, std::string_view name) { return text_in(object_in(json), name); }

}  // namespace mailhaul::credentials
