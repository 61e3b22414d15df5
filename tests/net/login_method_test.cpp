// SPDX-License-Identifier: MIT
#include "net/login_method.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "util/error.h"

namespace {

using namespace mailhaul::net;

std::string names(const std::vector<LoginMethod>& methods) {
  std::string result;
  for (const LoginMethod& method : methods) result += (result.empty() ? "" : " ") + method.name;
  return result;
}

bool supported(const std::string& name) {
  const auto all = supported_auth();
  return std::find(all.begin(), all.end(), name) != all.end();
}

TEST_CASE("the remembered login method comes first, the others follow in order") {
  struct Row {
    Auth auth;
    std::string remembered, methods;
  };
  const std::string all = "plain plain-in-steps login login-in-steps user";
  const std::vector<Row> rows = {
      {Auth::automatic, "", all},
      {Auth::automatic, "sasl-ir", all},  // from an older database
      {Auth::automatic, "sasl", "plain-in-steps login-in-steps user"},
      {Auth::automatic, "user", "user plain plain-in-steps login login-in-steps"},
      {Auth::automatic, "apop", all},
      {Auth::user, "plain", "user"},
      {Auth::apop, "", "apop"},
      {Auth::cram_md5, "", "cram-md5"},
      {Auth::plain, "plain-in-steps", "plain-in-steps plain"},
      {Auth::xoauth2, "", "xoauth2 xoauth2-in-steps"},
      {Auth::xoauth2, "sasl", "xoauth2-in-steps"},
  };
  for (const Row& row : rows) {
    CAPTURE(name_of(row.auth));
    CAPTURE(row.remembered);
    CHECK(names(login_methods(row.auth, Tls::implicit, row.remembered)) == row.methods);
  }
}

TEST_CASE("auto sends the password itself under TLS; without TLS, what protects it comes first") {
  CHECK(names(login_methods(Auth::automatic, Tls::starttls, "")).starts_with("plain "));
  const std::string plain = names(login_methods(Auth::automatic, Tls::none, ""));
  CHECK(plain.starts_with("scram-sha-256 "));
  CHECK(plain.find(" cram-md5 plain ") != std::string::npos);
  CHECK(plain.find("apop") == std::string::npos);
}

TEST_CASE("all mechanisms of our own are there, whatever libcurl has") {
  for (const std::string name : {"auto", "user", "apop", "plain", "login", "cram-md5", "scram-sha-1",
                                 "scram-sha-256", "external", "xoauth2", "oauthbearer"}) {
    CAPTURE(name);
    CHECK(supported(name));
  }
}

TEST_CASE("capabilities are words in any case, separated by blanks or tabs") {
  using Words = std::vector<std::string>;
  CHECK(words_of_capability("  sasl\tplain \t login ") == Words{"SASL", "PLAIN", "LOGIN"});
  CHECK(words_of_capability(" ").empty());
  CHECK(offers({"TOP", "sasl\tcram-md5  Plain"}, "SASL", "PLAIN"));
  CHECK(offers({"Stls"}, "STLS"));
  CHECK_FALSE(offers({"SASL X-PLAIN PLAIN-X", "PLAIN"}, "SASL", "PLAIN"));
}

struct Choice {
  Auth auth;
  std::string remembered;
  std::vector<std::string> capabilities;
  std::string chosen;
};

TEST_CASE("the first method is one that the server offers; what was named or worked is tried anyway") {
  const std::vector<Choice> rows = {
      {Auth::automatic, "", {"SASL PLAIN LOGIN"}, "plain"},
      {Auth::automatic, "", {"sasl\tlogin"}, "login"},
      {Auth::automatic, "", {"SASL GSSAPI NTLM"}, "user"},
      {Auth::automatic, "", {}, "user"},
      {Auth::automatic, "plain", {}, "plain"},
      {Auth::automatic, "sasl", {"SASL PLAIN"}, "plain-in-steps"},
      {Auth::plain, "", {"SASL PLAIN"}, "plain"},
      {Auth::plain, "", {"SASL GSSAPI"}, "plain-in-steps"},
      {Auth::plain, "", {}, "plain-in-steps"},
      {Auth::cram_md5, "", {}, "cram-md5"},
      {Auth::bearer, "", {"SASL PLAIN XOAUTH2 OAUTHBEARER"}, "oauthbearer"},
      {Auth::bearer, "", {"SASL PLAIN XOAUTH2"}, "xoauth2"},
      {Auth::bearer, "xoauth2", {"SASL OAUTHBEARER XOAUTH2"}, "xoauth2"},
      {Auth::bearer, "", {"SASL PLAIN"}, "oauthbearer-in-steps"},
      {Auth::user, "", {"SASL PLAIN"}, "user"},
      {Auth::apop, "", {}, "apop"},
  };
  for (const Choice& row : rows) {
    CAPTURE(name_of(row.auth));
    CAPTURE(row.chosen);
    CHECK(MethodsToTry(row.auth, Tls::implicit, row.remembered).choose(row.capabilities)->name == row.chosen);
  }
}

TEST_CASE("what did not work is not chosen again") {
  const std::vector<std::string> offered = {"SASL PLAIN LOGIN"};
  MethodsToTry methods(Auth::automatic, Tls::implicit, "");
  std::string order;
  while (const auto method = methods.choose(offered)) {
    order += method->name + ' ';
    methods.strike(*method);
  }
  CHECK(order == "plain plain-in-steps login login-in-steps user ");
  CHECK(methods.empty());

  MethodsToTry other(Auth::automatic, Tls::implicit, "");
  other.strike_mechanism(*other.choose(offered));
  CHECK(other.choose(offered)->name == "login");
}

TEST_CASE("only USER and PASS, and only without STLS, can do without CAPA") {
  CHECK(MethodsToTry(Auth::automatic, Tls::implicit, "").has_way_without_capa());
  CHECK(MethodsToTry(Auth::user, Tls::none, "").has_way_without_capa());
  CHECK_FALSE(MethodsToTry(Auth::plain, Tls::implicit, "").has_way_without_capa());
  CHECK_FALSE(MethodsToTry(Auth::automatic, Tls::starttls, "").has_way_without_capa());
  MethodsToTry methods(Auth::automatic, Tls::implicit, "");
  methods.leave_out_capa();
  CHECK_FALSE(methods.asks_capa());
  CHECK_FALSE(methods.has_way_without_capa());
  CHECK(methods.choose({"SASL PLAIN"})->name == "user");
}

TEST_CASE("an APOP timestamp must be a message-id") {
  struct Row {
    std::string greeting;
    ApopTimestamp stamp;
  };
  const std::vector<Row> rows = {
      {"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", ApopTimestamp::plausible},
      {"+OK <a+b/c=.1@[127.0.0.1]>", ApopTimestamp::plausible},
      {"+OK ready", ApopTimestamp::none},
      {"+OK <ready>", ApopTimestamp::none},
      {"+OK <1.2@host", ApopTimestamp::forged},
      {"+OK <1\x80@host>", ApopTimestamp::forged},
      {"+OK <1 2@host>", ApopTimestamp::forged},
      {"+OK <1@ho st>", ApopTimestamp::forged},
      {"+OK <1..2@host>", ApopTimestamp::forged},
      {"+OK <@host>", ApopTimestamp::forged},
      {"+OK <1@>", ApopTimestamp::forged},
      {"+OK <1@host@other>", ApopTimestamp::forged},
      {"+OK <x> <1@host>", ApopTimestamp::forged},
      {"+OK <1@host>>", ApopTimestamp::forged},
      {"+OK <" + std::string(508, 'a') + "@bcd>", ApopTimestamp::plausible},
      {"+OK <" + std::string(508, 'a') + "@bcde>", ApopTimestamp::forged},
  };
  for (const Row& row : rows) {
    CAPTURE(row.greeting);
    CHECK(apop_timestamp(row.greeting) == row.stamp);
  }
}

}  // namespace
