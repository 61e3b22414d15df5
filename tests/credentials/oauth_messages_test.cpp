// SPDX-License-Identifier: MIT
#include "credentials/oauth_messages.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>

#include "util/percent.h"

namespace {

using namespace mailhaul::credentials;
using mailhaul::util::Secret;
using std::chrono::seconds;

const OAuth example{.provider = "",
                    .client_id = "c",
                    .client_secret_command = {},
                    .tenant = {},
                    .scope = "mail offline",
                    .authorize_url = "https://a.example/auth",
                    .token_url = "https://a.example/token",
                    .device_url = "https://a.example/device",
                    .redirect_url = {}};

TEST_CASE("the challenge of RFC 7636 appendix B") {
  CHECK(challenge_of(Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")) ==
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("random words are long enough for a verifier, differ, and need no encoding") {
  std::set<std::string> words;
  for (int i = 0; i < 100; ++i) {
    const auto word = random_word();
    CHECK(word.reveal().size() == 43);
    CHECK(mailhaul::util::percent_encode(word.reveal()) == word.reveal());
    words.insert(word.reveal());
  }
  CHECK(words.size() == 100);
}

TEST_CASE("base64url has no padding and comes back") {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xfb\xff\xfe"}) {
    const auto text = base64url(bytes);
    CHECK(text.find_first_of("+/=") == std::string::npos);
    CHECK(base64url_decode(text) == bytes);
  }
}

TEST_CASE("the page where the user agrees: Google's wants a refresh token each time, Microsoft's a tenant") {
  const Consent consent{.redirect = "http://127.0.0.1:1", .state = "s", .challenge = "h", .user = "a@b"};
  CHECK(consent_url(example, "c", consent) ==
        "https://a.example/auth?response_type=code&client_id=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1&"
        "scope=mail%20offline&state=s&code_challenge=h&code_challenge_method=S256&login_hint=a%40b");
  const auto google = consent_url(completed({.provider = "google"}), "c", consent);
  CHECK(google.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
  CHECK(google.ends_with("&access_type=offline&prompt=consent"));
  CHECK(google.find("&scope=https%3A%2F%2Fmail.google.com%2F&") != std::string::npos);
  const auto microsoft = completed({.provider = "microsoft", .tenant = "consumers"});
  CHECK(microsoft.token_url == "https://login.microsoftonline.com/consumers/oauth2/v2.0/token");
  CHECK(completed({.provider = "microsoft"}).device_url ==
        "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
  CHECK(microsoft.scope == "https://outlook.office.com/POP.AccessAsUser.All offline_access");
  CHECK(completed({.provider = "google"}).device_url.empty());
  CHECK(completed({.provider = "google", .token_url = "https://x/t"}).token_url == "https://x/t");
}

TEST_CASE("forms have what the RFCs ask for, and a secret only where there is one") {
  const Client plain{.id = "c", .secret = {}};
  const Client with_secret{.id = "c", .secret = Secret("s&")};
  CHECK(code_form(plain, {.redirect = "http://localhost:1", .code = Secret("4/x"), .verifier = Secret("v")})
            .reveal() ==
        "grant_type=authorization_code&client_id=c&code=4%2Fx&code_verifier=v&redirect_uri=http%3A%2F%"
        "2Flocalhost%3A1");
  CHECK(refresh_form(example, plain, Secret("r")).reveal() ==
        "grant_type=refresh_token&client_id=c&refresh_token=r&scope=mail%20offline");
  CHECK(refresh_form(example, with_secret, Secret("r")).reveal() ==
        "grant_type=refresh_token&client_id=c&client_secret=s%26&refresh_token=r&scope=mail%20offline");
  CHECK(device_form(example, with_secret).reveal() == "client_id=c&scope=mail%20offline");
  CHECK(poll_form(plain, Secret("d")).reveal() ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=c&device_code=d");
  CHECK(json_text(registration_json(example, "http://127.0.0.1:1"), "token_endpoint_auth_method") == "none");
}

std::string kind_of(int status, std::string_view body) {
  const auto reply = read_token_reply(status, body);
  if (const auto* refusal = std::get_if<OAuthRefusal>(&reply))
    return refusal->error + "|" + refusal->description;
  if (const auto* unusable = std::get_if<Unusable>(&reply)) return "unusable: " + unusable->why;
  const auto& answer = std::get<TokenAnswer>(reply);
  return answer.access.reveal() + "," + answer.refresh.reveal() + "," +
         std::to_string(answer.lifetime.count());
}

TEST_CASE("answers to a request for a token") {
  const std::string good = R"({"access_token":"a","refresh_token":"r","expires_in":7})";
  struct Row {
    int status;
    std::string body, expected;
  };
  const std::string long_token(8192, 'x');
  for (const auto& [status, body, expected] : std::initializer_list<Row>{
           {200, good, "a,r,7"},
           {200, R"({"access_token":"a","expires_in":"3599"})", "a,,3599"},
           {200, R"({"access_token":"a"})", "a,,3600"},
           {200, R"({"access_token":"a","expires_in":-5})", "a,,3600"},
           {200, R"({"access_token":"a","expires_in":1e300})", "a,,31536000"},
           {200, R"({"access_token":")" + long_token + "\"}", long_token + ",,3600"},
           {200, R"({"access_token":"a b"})", "unusable: an answer without a usable access token"},
           {200, R"({"access_token":7})", "unusable: an answer without a usable access token"},
           {200, "<html>", "unusable: an answer that is not JSON"},
           {200, "[]", "unusable: an answer that is not JSON"},
           {200, "", "unusable: an answer that is not JSON"},
           {400, R"({"error":"invalid_grant","error_description":"why"})", "invalid_grant|why"},
           {401, R"({"error":"invalid_client"})", "invalid_client|"},
           {200, R"({"error":"authorization_pending"})", "authorization_pending|"},
           {400, R"({"error":"temporarily_unavailable"})", "unusable: status 400, temporarily_unavailable"},
           {400, "nonsense", "unusable: status 400, and no JSON"},
           {404, "{}", "unusable: status 404"},
           {429, R"({"error":"invalid_grant"})", "unusable: status 429"},
           {500, R"({"error":"invalid_grant"})", "unusable: status 500"},
           {503, "", "unusable: status 503"}}) {
    CAPTURE(body.substr(0, 80));
    CHECK(kind_of(status, body) == expected);
  }
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    CHECK(kind_of(200, good.substr(0, cut)) == "unusable: an answer that is not JSON");
}

TEST_CASE("answers to a request for a device code") {
  const auto reply = read_device_reply(
      200,
      R"({"device_code":"d","user_code":"U","verification_url":"https://x/","expires_in":1800,"interval":7})");
  const auto& device = std::get<DeviceAnswer>(reply);
  CHECK(device.url == "https://x/");
  CHECK(device.interval == seconds(7));
  CHECK(device.lifetime == seconds(1800));
  CHECK(std::holds_alternative<OAuthRefusal>(read_device_reply(400, R"({"error":"invalid_scope"})")));
  CHECK(std::holds_alternative<Unusable>(read_device_reply(200, R"({"device_code":"d"})")));
  CHECK(std::get<DeviceAnswer>(
            read_device_reply(200, R"({"device_code":"d","user_code":"U","verification_uri":"https://x/"})"))
            .interval == seconds(5));
}

TEST_CASE("what the browser brings back, in any order and form") {
  for (const std::string text :
       {"http://127.0.0.1:1/?state=s&code=4%2Fx", "/?code=4/x&scope=y&state=s", "code=4%2Fx&state=s#",
        "http://localhost:1/back?code=4%2Fx&state=s HTTP/1.1\r\n",
        "http://localhost/?&=&x&code=4%2Fx&state=s\n"}) {
    CAPTURE(text);
    const auto redirected = read_redirect(text);
    REQUIRE(redirected);
    CHECK(redirected->code.reveal() == "4/x");
    CHECK(redirected->state == "s");
  }
  CHECK(read_redirect("/?error=access_denied&error_description=a+b&state=s")->description == "a b");
  for (const std::string text :
       {"", "/", "http://127.0.0.1/", "/favicon.ico", "code", "/?codes=1", "/?code="})
    CHECK_FALSE(read_redirect(text));
}

}  // namespace
