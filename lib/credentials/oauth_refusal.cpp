// SPDX-License-Identifier: MIT
#include "credentials/oauth_refusal.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "util/ascii.h"
#include "util/durations.h"
#include "util/escape.h"

namespace mailhaul::credentials {
namespace {

using Json = nlohmann::json;
using std::chrono::hours;

/// A word in the error or in its description, and what helps. The first row that fits counts.
struct Advice {
  std::string_view word, hint;
};
constexpr std::array advices{
    Advice{"AADSTS53003",
           "your organisation forbids this kind of login (conditional access); log in with a browser on this "
           "machine, or ask your administrator"},
    Advice{"AADSTS50011",
           "add the address http://localhost to the client, as a mobile and desktop application"},
    Advice{"AADSTS65001", "an administrator of your organisation has to allow this client to read mail"},
    Advice{"AADSTS90094", "an administrator of your organisation has to allow this client to read mail"},
    Advice{
        "AADSTS50020",
        "the account is not one of this tenant; set \"tenant\" to \"consumers\" for a personal account, to "
        "\"organizations\" for one of an organisation"},
    Advice{"AADSTS700016",
           "this tenant does not know the client; check \"client_id\", and set \"tenant\" to \"consumers\" "
           "for a personal account, to \"organizations\" for one of an organisation"},
    Advice{"AADSTS7000112", "the provider has disabled this client; use a client id of your own"},
    Advice{"AADSTS7000218", "allow public client flows in the settings of the client"},
    Advice{"AADSTS50173", "the password was changed after the login; log in again: "},
    Advice{"AADSTS50076", "the organisation requires a second factor; log in again: "},
    Advice{"AADSTS50079", "the organisation requires a second factor; log in again: "},
    Advice{"admin_policy_enforced",
           "an administrator of your organisation has to allow this client to read mail"},
    Advice{"org_internal", "the client is for one organisation only; make its audience \"External\""},
    Advice{"redirect_uri_mismatch", "the client must be of the type \"Desktop app\""},
    Advice{"authorization_declined", "the login was declined in the browser; to try again: "},
    Advice{"access_denied", "the login was declined in the browser; to try again: "},
    Advice{"expired_token", "nobody entered the code in time; to try again: "},
    Advice{"invalid_client",
           "check \"client_id\" and \"client_secret_command\"; was the client removed or disabled?"},
    Advice{"unauthorized_client", "the client may not log in this way; check its settings at the provider"},
};

std::string scope_hint(const OAuth& oauth) {
  if (oauth.provider == "google")
    return "Google gives the scope https://mail.google.com/ to clients of the type \"Desktop app\" only";
  if (oauth.provider == "microsoft")
    return "the scope begins with https://outlook.office.com/, not with office365.com";
  return "check \"scope\"";
}

std::string grant_hint(const OAuth& oauth, const std::optional<LoginAge>& age) {
  const bool is_google = oauth.provider == "google";
  if (!age) return "the code was used already, or has expired; to try again: ";
  const auto unused = is_google ? hours(24 * 180) : hours(24 * 90);
  // The last renewal came within 7 days after the login, and the login was not unused for too long.
  const auto lived = age->since_login - age->since_use;
  if (is_google && age->since_login >= hours(24 * 7 - 12) && lived <= hours(24 * 7 + 12) &&
      age->since_use < unused)
    return "Google ends a login after 7 days while the app is in \"Testing\": set it to \"In production\", "
           "then ";
  if (age->since_use >= unused)
    return "the login was not used for " + std::to_string(age->since_use / hours(24)) +
           " days and has expired; ";
  return "the password was changed, or the access was withdrawn; ";
}

/// `grant`: what helps if the code or the refresh token is not valid.
std::string hint_of(const OAuth& oauth, const OAuthRefusal& refusal, const std::string& grant) {
  const auto all = refusal.error + " " + refusal.description;
  const std::string again = "mailhaul login";
  for (const auto& [word, hint] : advices) {
    if (all.find(word) == std::string::npos) continue;
    return std::string(hint) + (hint.ends_with(": ") ? again : "");
  }
  if (refusal.error == "invalid_scope") return scope_hint(oauth);
  if (refusal.error == "invalid_grant") return grant + again;
  return "to log in again: " + again;
}

std::string first_text(const Json& object, std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return {};
}

bool has_word(std::string_view text, std::string_view word) {
  return util::lower(text).find(util::lower(word)) != std::string::npos;
}

/// "in 55 minutes", "2 hours ago".
std::string from_now(std::chrono::seconds distance) {
  const auto text = util::roughly(std::chrono::abs(distance));
  return distance < distance.zero() ? text + " ago" : "in " + text;
}

std::string shown_claims(const Claims& claims, std::chrono::sys_seconds now) {
  std::string text = "the token is for " + util::escape(claims.audience);
  if (!claims.scope.empty()) text += ", allows \"" + util::escape(claims.scope) + "\"";
  if (!claims.user.empty()) text += ", belongs to " + util::escape(claims.user);
  if (claims.expires)
    text += (*claims.expires < now ? ", and expired " : ", and expires ") + from_now(*claims.expires - now);
  return text;
}

LoginNeeded explain_with(const OAuth& oauth, std::string_view doing, const OAuthRefusal& refusal,
                         const std::string& grant) {
  const auto* row = find_provider(oauth.provider);
  const auto who = row == nullptr ? std::string("the provider") : std::string(row->title);
  const auto words = refusal.description.substr(0, refusal.description.find_first_of("\r\n"));
  return {who + " refused " + std::string(doing) + ": " + util::escape(refusal.error) +
              (words.empty() ? "" : " (" + util::escape(words, 300) + ")"),
          hint_of(oauth, refusal, grant)};
}

}  // namespace

LoginNeeded explain(const OAuth& oauth, std::string_view doing, const OAuthRefusal& refusal,
                    const std::optional<LoginAge>& age) {
  return explain_with(oauth, doing, refusal, grant_hint(oauth, age));
}

LoginNeeded explain_pasted(const OAuth& oauth, const std::string& account, const OAuthRefusal& refusal) {
  return explain_with(oauth, "this token", refusal,
                      "the token was used already, has expired or was withdrawn; make another one on a "
                      "machine with a browser: mailhaul login --print-token " +
                          account + "; or log in on this machine: ");
}

std::optional<Claims> claims_of(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  const auto object = Json::parse(*payload, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Claims claims{.audience = first_text(object, {"aud"}),
                .scope = first_text(object, {"scp", "scope"}),
                .user = first_text(object, {"upn", "preferred_username", "unique_name", "email"})};
  const auto expires = object.find("exp");
  constexpr std::int64_t last = 253'402'300'799;  // the year 9999
  if (expires != object.end() && expires->is_number_integer())
    claims.expires = std::chrono::sys_seconds(
        std::chrono::seconds(std::clamp<std::int64_t>(expires->get<std::int64_t>(), 0, last)));
  return claims;
}

Diagnosis diagnose(const OAuth& oauth, const std::optional<Claims>& claims, std::string_view user,
                   std::chrono::sys_seconds now) {
  const auto* row = find_provider(oauth.provider);
  const std::string others =
      "POP may be switched off in the settings of the mailbox, or the login was for another "
      "mailbox than " +
      util::escape(user);
  if (!claims) return {"the token was issued just now", others};
  const auto shown = shown_claims(*claims, now);
  if (claims->expires && *claims->expires <= now)
    return {shown, "by this machine's clock, the token has already expired; is the clock right?"};
  const bool is_microsoft = row != nullptr && row->name == "microsoft";
  if (is_microsoft && !has_word(claims->audience, "outlook.office"))
    return {shown, "the token is not for mail; remove \"scope\" from the configuration and log in again"};
  if (is_microsoft && !has_word(claims->scope, "POP.AccessAsUser.All"))
    return {shown, "the token does not allow POP; remove \"scope\" from the configuration and log in again"};
  if (!claims->user.empty() && !util::equal_nocase(claims->user, user))
    return {shown, "the login was for another mailbox than " + util::escape(user) + "; log in again"};
  return {shown, others};
}

}  // namespace mailhaul::credentials
