// SPDX-License-Identifier: MIT
#include "credentials/oauth_refusal.h"

#include <doctest/doctest.h>

#include <chrono>

#include "support/cpp/text.h"

namespace {

using namespace mailhaul::credentials;
using mailhaul::test::contains;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_seconds;

const OAuth google_mail{.provider = "google"}, microsoft_mail{.provider = "microsoft"};
constexpr hours a_day{24};

TEST_CASE("a refusal names the provider, what was refused, and its words, escaped and cut") {
  const auto error = explain(google_mail, "to renew the login",
                             {"invalid_grant", "Token \x1b[31m" + std::string(500, 'x') + "\r\nTrace ID: 1"});
  CHECK(error.kind() == mailhaul::util::Kind::login);
  CHECK(std::string(error.what())
            .starts_with("Google refused to renew the login: invalid_grant (Token \\x1b[31m"));
  CHECK(std::string(error.what()).size() < 400);
  CHECK_FALSE(contains(error.what(), "Trace"));
  CHECK(std::string(explain({}, "the login", {"x", ""}).what()) == "the provider refused the login: x");
}

TEST_CASE("each refusal comes with the step that helps") {
  struct Row {
    const OAuth& oauth;
    std::string error, description, hint;
  };
  for (const auto& [oauth, error, description, hint] : std::initializer_list<Row>{
           {microsoft_mail, "invalid_grant", "AADSTS53003: blocked", "log in with a browser on this machine"},
           {microsoft_mail, "invalid_grant", "AADSTS53003: blocked", "your organisation forbids"},
           {microsoft_mail, "invalid_client", "AADSTS50011: redirect", "add the address http://localhost"},
           {microsoft_mail, "invalid_grant", "AADSTS65001: consent", "an administrator"},
           {microsoft_mail, "access_denied", "AADSTS90094: consent", "an administrator"},
           {microsoft_mail, "invalid_grant", "AADSTS50020: user", "\"consumers\" for a personal account"},
           {microsoft_mail, "unauthorized_client", "AADSTS700016: app",
            "check \"client_id\", and set \"tenant\" to \"consumers\""},
           {microsoft_mail, "unauthorized_client", "AADSTS7000112: disabled", "use a client id of your own"},
           {microsoft_mail, "invalid_client", "AADSTS7000218: secret", "allow public client flows"},
           {microsoft_mail, "invalid_grant", "AADSTS50173: revoked",
            "the password was changed after the login; log in again: mailhaul login"},
           {microsoft_mail, "invalid_grant", "AADSTS50076: MFA",
            "a second factor; log in again: mailhaul login"},
           {microsoft_mail, "interaction_required", "AADSTS50079: MFA",
            "a second factor; log in again: mailhaul login"},
           {microsoft_mail, "invalid_scope", "", "outlook.office.com"},
           {microsoft_mail, "invalid_scope", "AADSTS70011: office365.com", "not with office365.com"},
           {google_mail, "invalid_scope", "", "Desktop app"},
           {google_mail, "redirect_uri_mismatch", "", "Desktop app"},
           {google_mail, "admin_policy_enforced", "", "an administrator of your organisation has to allow"},
           {google_mail, "org_internal", "", "make its audience \"External\""},
           {google_mail, "unauthorized_client", "", "check its settings"},
           {google_mail, "invalid_client", "", "client_secret_command"},
           {google_mail, "access_denied", "", "declined"},
           {google_mail, "expired_token", "", "in time"},
           {google_mail, "something_new", "", "mailhaul login"}}) {
    CAPTURE(error + description);
    CHECK(contains(explain(oauth, "the login", {error, description}).hint(), hint));
  }
}

TEST_CASE("a refresh token that is not known any more: the age of the login says why") {
  const auto hint = [](const OAuth& oauth, hours since_login, hours since_use) {
    return explain(oauth, "to renew the login", {"invalid_grant", ""}, LoginAge{since_login, since_use})
        .hint();
  };
  CHECK(contains(hint(google_mail, 7 * a_day, a_day), "\"In production\""));
  CHECK(contains(hint(google_mail, 3 * a_day, a_day), "the password was changed"));
  CHECK(contains(hint(google_mail, 400 * a_day, 190 * a_day), "not used for 190 days"));
  CHECK(contains(hint(microsoft_mail, 7 * a_day, a_day), "the password was changed"));
  CHECK(contains(hint(microsoft_mail, 400 * a_day, 91 * a_day), "not used for 91 days"));
}

TEST_CASE("a pasted refresh token that is not valid: the hint is about a token, not about a code") {
  const auto refusal = explain_pasted(google_mail, "home", {"invalid_grant", "Bad Request"});
  CHECK(std::string(refusal.what()) == "Google refused this token: invalid_grant (Bad Request)");
  CHECK(contains(refusal.hint(), "the token was used already, has expired or was withdrawn"));
  CHECK(refusal.hint().ends_with("mailhaul login"));
  CHECK(contains(explain_pasted(microsoft_mail, "home", {"invalid_grant", "AADSTS50173: revoked"}).hint(),
                 "the password was changed after the login"));
}

std::string jwt(const std::string& payload) { return base64url("{}") + "." + base64url(payload) + ".sig"; }

TEST_CASE("the claims of a token, and what is no JWT") {
  const auto claims =
      claims_of(jwt(R"({"aud":"https://outlook.office.com","scp":"a b","upn":"x@y","exp":1700000000})"));
  REQUIRE(claims);
  CHECK(claims->audience == "https://outlook.office.com");
  CHECK(claims->scope == "a b");
  CHECK(claims->user == "x@y");
  CHECK(claims->expires == sys_seconds(seconds(1700000000)));
  CHECK(claims_of(jwt(R"({"aud":7,"exp":"soon"})"))->audience.empty());
  for (const auto& token : {std::string("ya29.a0Af"), std::string("opaque"), std::string(),
                            std::string("a.b.c"), jwt("[]"), jwt("{"), std::string("..")})
    CHECK_FALSE(claims_of(token));
}

TEST_CASE("why a new token is refused, and never the token itself") {
  const sys_seconds now{seconds(1'800'000'000)};
  Claims claims{.audience = "https://outlook.office.com",
                .scope = "POP.AccessAsUser.All",
                .user = "anna@x.org",
                .expires = now + hours(1)};
  CHECK(contains(diagnose(microsoft_mail, claims, "Anna@x.org", now).hint, "POP may be switched off"));
  CHECK(contains(diagnose(microsoft_mail, claims, "other@x.org", now).hint, "another mailbox"));
  CHECK(contains(diagnose(microsoft_mail, claims, "anna@x.org", now + hours(2)).hint, "clock"));
  claims.scope = "IMAP.AccessAsUser.All";
  CHECK(contains(diagnose(microsoft_mail, claims, "anna@x.org", now).hint, "does not allow POP"));
  claims.audience = "https://graph.microsoft.com\x1b";
  const auto diagnosis = diagnose(microsoft_mail, claims, "anna@x.org", now);
  CHECK(contains(diagnosis.hint, "not for mail"));
  CHECK(contains(diagnosis.sentence, "graph.microsoft.com\\x1b"));
  CHECK(contains(diagnosis.sentence, ", and expires in 60 minutes"));
  CHECK(contains(diagnose(microsoft_mail, claims, "anna@x.org", now + std::chrono::minutes(35)).sentence,
                 "in 25 minutes"));
  CHECK(contains(diagnose(microsoft_mail, claims, "anna@x.org", now + hours(73)).sentence,
                 "and expired 3 days ago"));
  CHECK(contains(diagnose(google_mail, {}, "anna@x.org", now).hint, "POP may be switched off"));
}

}  // namespace
