// SPDX-License-Identifier: MIT
#include "credentials/access_token.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#include "credentials/oauth_login.h"
#include "credentials/oauth_refusal.h"
#include "support/cpp/temp_dir.h"

namespace {

using namespace mailhaul::credentials;
using namespace mailhaul::test;
using mailhaul::net::HttpsAnswer;
using mailhaul::net::HttpsRequest;
using mailhaul::util::Kind;
using mailhaul::util::Secret;
using std::chrono::minutes;
using std::chrono::seconds;

/// A provider that gives the prepared answers one after the other, and a clock that stands still.
struct FakeProvider {
  TempDir directory;
  mailhaul::util::Cancel cancel;
  std::chrono::sys_seconds now{seconds(1'800'000'000)};
  std::vector<std::pair<int, std::string>> answers;
  std::vector<std::string> asked;
  std::vector<seconds> waits;
  std::vector<std::string> told;

  OAuthSubject subject() {
    return {
        .account = "home",
        .user = "anna",
        .oauth = {.client_id = "c", .scope = "s", .token_url = "https://x/t", .device_url = "https://x/d"},
        .token_file = directory / "tokens/home.json"};
  }
  OAuthOutside outside() {
    return {.ask =
                [this](const HttpsRequest& request) {
                  asked.push_back(request.url + " " + request.body.reveal());
                  REQUIRE_FALSE(answers.empty());
                  auto [status, body] = answers.front();
                  answers.erase(answers.begin());
                  if (status == 0) throw mailhaul::util::Error(Kind::temporary, "no answer");
                  return HttpsAnswer{.status = status, .body = Secret(std::move(body))};
                },
            .now = [this] { return now; },
            .cancel = &cancel};
  }
  Person person() {
    return {.tell = [this](const std::string& text) { told.push_back(text); },
            .show_page = [](const std::string&) {},
            .wait = [this](seconds time) { waits.push_back(time); }};
  }
  void keep(std::string access, std::string refresh, seconds rest) {
    keep_login(subject(), outside(),
               {.access = Secret(std::move(access)),
                .refresh = Secret(std::move(refresh)),
                .expires = now + rest,
                .logged_in = now,
                .used = now,
                .user = "anna",
                .client_id = "c",
                .token_url = "https://x/t"});
  }
  std::string kept() { return slurp(directory / "tokens/home.json"); }
};

const std::string renewed = R"({"access_token":"new","refresh_token":"next","expires_in":3600})";

TEST_CASE("a token that lives long enough is used without a question to the provider") {
  FakeProvider provider;
  provider.keep("at", "rt", minutes(6));
  const auto token = access_token(provider.subject(), provider.outside());
  CHECK(token.token.reveal() == "at");
  CHECK_FALSE(token.is_new);
}

TEST_CASE("a token that ends soon is renewed, and is on the disk before it is used") {
  FakeProvider provider;
  provider.keep("at", "rt", minutes(4));
  provider.answers = {{200, renewed}};
  const auto token = access_token(provider.subject(), provider.outside());
  CHECK(token.token.reveal() == "new");
  CHECK(token.is_new);
  CHECK(provider.asked.front() ==
        "https://x/t grant_type=refresh_token&client_id=c&refresh_token=rt&scope=s");
  CHECK(provider.kept().find("\"next\"") != std::string::npos);
}

TEST_CASE("trouble that passes changes nothing; a token with some minutes left is used meanwhile") {
  for (const auto& [status, body] : std::initializer_list<std::pair<int, std::string>>{
           {0, ""}, {500, ""}, {429, ""}, {200, "<html>"}, {200, "{"}}) {
    FakeProvider provider;
    provider.keep("at", "rt", minutes(4));
    const auto before = provider.kept();
    provider.answers = {{status, body}, {status, body}};
    CHECK(access_token(provider.subject(), provider.outside()).token.reveal() == "at");
    provider.now += minutes(5);
    try {
      (void)access_token(provider.subject(), provider.outside());
      FAIL("a token that has ended was used");
    } catch (const mailhaul::util::Error& error) {
      CHECK(error.kind() == Kind::temporary);
    }
    CHECK(provider.kept() == before);
  }
}

TEST_CASE("a full disk before the provider is asked is no trouble yet; after its answer it is told at once") {
  FakeProvider provider;
  provider.keep("at", "rt", minutes(4));
  const auto before = provider.kept();
  // A directory in the place of the new file makes writing that file fail.
  std::filesystem::create_directory(provider.directory / "tokens/home.json.new");
  CHECK(access_token(provider.subject(), provider.outside()).token.reveal() == "at");
  CHECK(provider.asked.empty());
  std::filesystem::remove(provider.directory / "tokens/home.json.new");
  provider.answers = {{200, renewed}};
  auto outside = provider.outside();
  outside.ask = [&, ask = outside.ask](const HttpsRequest& request) {
    std::filesystem::remove(provider.directory / "tokens/home.json.new");
    std::filesystem::create_directory(provider.directory / "tokens/home.json.new");
    return ask(request);
  };
  try {
    (void)access_token(provider.subject(), outside);
    FAIL("the loss of the new login is not told");
  } catch (const mailhaul::util::Error& error) {
    CHECK(error.kind() == Kind::storage);
    CHECK(error.hint().find("mailhaul login home") != std::string::npos);
  }
  CHECK(provider.kept() == before);
}

TEST_CASE("a token that the mail server refused is renewed, unless another run has done so already") {
  FakeProvider provider;
  provider.keep("at", "rt", minutes(30));
  const Secret refused("at"), older("older");
  CHECK(access_token(provider.subject(), provider.outside(), &older).token.reveal() == "at");
  provider.answers = {{200, renewed}};
  CHECK(access_token(provider.subject(), provider.outside(), &refused).is_new);
}

TEST_CASE("several sessions at once make one renewal") {
  FakeProvider provider;
  provider.keep("at", "rt", seconds(-1));
  provider.answers = {{200, renewed}};  // a second request would fail
  std::atomic<int> renewals{0}, good{0};
  {
    std::vector<std::jthread> sessions;
    for (int i = 0; i < 4; ++i)
      sessions.emplace_back([&] {
        const auto token = access_token(provider.subject(), provider.outside());
        renewals += token.is_new ? 1 : 0;
        good += token.token.reveal() == "new" ? 1 : 0;
      });
  }
  CHECK(renewals == 1);
  CHECK(good == 4);
}

TEST_CASE("without a refresh token the login ends with its token") {
  FakeProvider provider;
  provider.keep("at", "", minutes(4));
  CHECK(access_token(provider.subject(), provider.outside()).token.reveal() == "at");
  provider.now += minutes(5);
  CHECK_THROWS_AS((void)access_token(provider.subject(), provider.outside()), LoginNeeded);
}

TEST_CASE("a clock that was set back does not make a token live for years") {
  FakeProvider provider;
  provider.keep("at", "rt", minutes(30));
  provider.now -= std::chrono::hours(24 * 400);
  provider.answers = {{200, renewed}};
  CHECK(access_token(provider.subject(), provider.outside()).is_new);
}

TEST_CASE("a secret of ours in the provider's words is not shown") {
  FakeProvider provider;
  provider.keep("at-secret", "rt-secret", seconds(-1));
  provider.answers = {{400, R"({"error":"invalid_grant","error_description":"rt-secret at-secret"})"}};
  try {
    (void)access_token(provider.subject(), provider.outside());
    FAIL("a dead login was used");
  } catch (const LoginNeeded& error) {
    CHECK(std::string(error.what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("a pasted token that is refused: the hint is about a token, and the words do not show it") {
  FakeProvider provider;
  provider.answers = {{400, R"({"error":"invalid_grant","error_description":"no rt-pasted"})"}};
  try {
    (void)take_token(provider.subject(), provider.outside(), "rt-pasted\n");
    FAIL("a dead token was taken");
  } catch (const LoginNeeded& error) {
    CHECK(std::string(error.what()).find("rt-pasted") == std::string::npos);
    CHECK(error.hint().starts_with("the token was used already, has expired or was withdrawn"));
  }
}

const std::string device =
    R"({"device_code":"d","user_code":"U","verification_uri":"https://x/a","expires_in":60,"interval":5})";

TEST_CASE("a device code is asked for again and again, more slowly when the server says so or has trouble") {
  FakeProvider provider;
  provider.answers = {{200, device},
                      {400, R"({"error":"authorization_pending"})"},
                      {400, R"({"error":"slow_down"})"},
                      {503, ""},
                      {0, ""},
                      {200, renewed}};
  const auto tokens = log_in(provider.subject(), provider.outside(), provider.person());
  CHECK(tokens.refresh.reveal() == "next");
  CHECK(provider.waits ==
        std::vector<seconds>{seconds(5), seconds(5), seconds(10), seconds(15), seconds(20)});
}

TEST_CASE("Retry-After lengthens one pause, slow_down all that follow, and none outlives the device code") {
  FakeProvider provider;
  provider.answers = {{200, device},
                      {429, ""},
                      {400, R"({"error":"authorization_pending"})"},
                      {400, R"({"error":"slow_down"})"},
                      {400, R"({"error":"authorization_pending"})"},
                      {503, ""},
                      {200, renewed}};
  const std::map<std::size_t, seconds> retry_after = {{2, seconds(12)}, {4, seconds(11)}, {6, seconds(3600)}};
  auto outside = provider.outside();
  outside.ask = [&, ask = outside.ask](const HttpsRequest& request) {
    auto answer = ask(request);
    if (const auto after = retry_after.find(provider.asked.size()); after != retry_after.end())
      answer.retry_after = after->second;
    return answer;
  };
  const auto tokens = log_in(provider.subject(), outside, provider.person());
  CHECK(tokens.refresh.reveal() == "next");
  CHECK(provider.waits ==
        std::vector<seconds>{seconds(5), seconds(12), seconds(5), seconds(11), seconds(10), seconds(17)});
}

TEST_CASE("a device code that nobody enters ends") {
  FakeProvider provider;
  provider.answers.assign(100, {400, R"({"error":"authorization_pending"})"});
  provider.answers.insert(provider.answers.begin(), {200, device});
  CHECK_THROWS_AS((void)log_in(provider.subject(), provider.outside(), provider.person()), LoginNeeded);
  CHECK(provider.waits.size() == 12);
}

TEST_CASE("a page that is not https is not shown to anybody") {
  FakeProvider provider;
  provider.answers = {{200, R"({"device_code":"d","user_code":"U","verification_uri":"http://evil/"})"}};
  CHECK_THROWS_AS((void)log_in(provider.subject(), provider.outside(), provider.person()),
                  mailhaul::util::Error);
  CHECK(provider.told.empty());
}

/// Returns the error of the first login of a profile without a client id.
mailhaul::util::Error end_without_client(FakeProvider& provider) {
  auto subject = provider.subject();
  subject.oauth.client_id.clear();
  try {
    static_cast<void>(log_in(subject, provider.outside(), provider.person()));
  } catch (const mailhaul::util::Error& error) {
    return error;
  }
  FAIL("a login");
  return {Kind::internal, ""};
}

const std::string metadata = R"({"registration_endpoint":"https://x/r"})";

TEST_CASE("trouble and refusals of a registration are told as they are") {
  struct Row {
    std::vector<std::pair<int, std::string>> answers;
    Kind kind;
    std::string what;
  };
  const std::vector<Row> rows = {
      {{{503, ""}}, Kind::temporary, "status 503"},
      {{{429, ""}}, Kind::temporary, "status 429"},
      {{{200, metadata}, {429, ""}}, Kind::temporary, "status 429"},
      {{{200, metadata}, {400, R"({"error":"invalid_redirect_uri","error_description":"only https"})"}},
       Kind::login,
       "refused to register mailhaul as a client: invalid_redirect_uri (only https)"},
      {{{404, ""}}, Kind::config, "no \"client_id\""},
      {{{200, metadata}, {403, "no"}}, Kind::config, "no \"client_id\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    FakeProvider provider;
    provider.answers = row.answers;
    const auto error = end_without_client(provider);
    CHECK(error.kind() == row.kind);
    CHECK_MESSAGE(std::string(error.what()).find(row.what) != std::string::npos, error.what());
  }
}

TEST_CASE("the client of the login that is kept is used where none is registered any more") {
  const std::string refused = R"({"error":"invalid_redirect_uri"})",
                    declined = R"({"error":"access_denied"})";
  using Answers = std::vector<std::pair<int, std::string>>;
  for (const Answers& answers : {Answers{{404, ""}}, Answers{{200, metadata}, {400, refused}}}) {
    FakeProvider provider;
    provider.keep("at", "rt", minutes(6));
    provider.answers = answers;
    provider.answers.emplace_back(400, declined);
    CHECK(end_without_client(provider).kind() == Kind::login);
    CHECK(provider.asked.back() == "https://x/d client_id=c&scope=s");
  }
}

}  // namespace
