// SPDX-License-Identifier: MIT
#include "setup/autoconfig.h"

#include <doctest/doctest.h>

#include <string>

#include "util/base64.h"
#include "util/digest.h"
#include "util/error.h"

using namespace mailhaul;
using net::Tls;

namespace {

constexpr std::string_view anna = "anna@example.org";

std::string config(const std::string& servers, const std::string& head = "<?xml version=\"1.0\"?>") {
  return head + "<clientConfig version=\"1.1\"><emailProvider id=\"example.org\">" + servers +
         "</emailProvider></clientConfig>";
}

std::string server(const std::string& host, const std::string& socket = "SSL",
                   const std::string& more = "<username>%EMAILADDRESS%</username>",
                   const std::string& port = "995") {
  return "<incomingServer type=\"pop3\"><hostname>" + host + "</hostname><port>" + port +
         "</port><socketType>" + socket + "</socketType>" + more + "</incomingServer>";
}

setup::Announcement read(const std::string& xml) { return setup::read_autoconfig(xml, anna); }

/// Why a text was refused.
std::string refusal(const std::string& xml) {
  try {
    const auto announcement = read(xml);
    return announcement.server ? "taken: " + announcement.server->host : announcement.why_none;
  } catch (const util::Error& error) {
    return error.what();
  }
}

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

std::string record_for(const std::string& json) {
  const auto hash = util::sha256(json);
  return "v=UAAC1; a=sha256; d=" + util::base64_encode(std::string(hash.begin(), hash.end()));
}

}  // namespace

TEST_CASE("autoconfig: the first POP3 server that can be used is taken") {
  const auto imap =
      std::string("<incomingServer type=\"imap\"><hostname>imap.example.org</hostname></incomingServer>");
  const auto found = read(config(imap + server("plain.example.org", "plain") + server(" POP.example.org\n ") +
                                 server("second.example.org")));
  REQUIRE(found.server);
  CHECK(found.server->host == "pop.example.org");
  CHECK(found.server->port == 995);
  CHECK(found.server->tls == Tls::implicit);
  CHECK(found.server->user == anna);
  CHECK(found.server->takes_password);
  CHECK_FALSE(found.server->takes_oauth);
}

TEST_CASE("autoconfig: STARTTLS means STLS, and the placeholders are replaced") {
  const auto found =
      read(config(server("pop.%EMAILDOMAIN%", "STARTTLS", "<username>%EMAILLOCALPART%</username>", "110")));
  REQUIRE(found.server);
  CHECK(found.server->host == "pop.example.org");
  CHECK(found.server->port == 110);
  CHECK(found.server->tls == Tls::starttls);
  CHECK(found.server->user == "anna");
}

TEST_CASE("autoconfig: how the server lets users in") {
  const auto methods = [](const std::string& list) {
    return *read(config(server("p.example.org", "SSL", list))).server;
  };
  CHECK(methods("").takes_password);
  CHECK(methods("<authentication>password-cleartext</authentication>").takes_password);
  const auto both =
      methods("<authentication>OAuth2</authentication><authentication>password-cleartext</authentication>");
  CHECK((both.takes_password && both.takes_oauth));
  CHECK(methods("<authentication>NTLM</authentication>").takes_password);  // like any word, known or not
  const auto only = methods("<authentication>OAuth2</authentication>");
  CHECK((!only.takes_password && only.takes_oauth));
}

TEST_CASE("autoconfig: a page where POP3 is switched on is https at a host name") {
  const auto page = [](const std::string& url) {
    return read(config("<enable visiturl=\"" + url + "\"/>" + server("p.example.org"))).page;
  };
  CHECK(page("https://www.example.org/settings?a=b&amp;c") == "https://www.example.org/settings?a=b&c");
  for (const auto* url :
       {"http://www.example.org/", "file:///etc/passwd", "javascript:alert(1)", "https://127.0.0.1/",
        "https://evil&#27;[2J.example/", "https://a.example/&#27;]0;x", "https://", "https"})
    CHECK(page(url).empty());
}

TEST_CASE("autoconfig: what is no server is refused in words") {
  CHECK(says(refusal(config("")), "no POP3"));
  CHECK(says(refusal(config(server("p.example.org", "plain"))), "without encryption"));
  CHECK(says(refusal(config(server("p.example.org", "SSL", "", "0"))), "without a port"));
  CHECK(says(refusal(config(server("p.example.org", "SSL", "", "70000"))), "without a port"));
  for (const auto* host : {"", "localhost", "127.0.0.1", "[::1]", "file:///etc/passwd", "evil.example/..",
                           "a.example:25", "u@a.example", "a.example&#10;b", "%2e%2e"})
    CHECK_MESSAGE(says(refusal(config(server(host))), "not a valid host"), host);
  CHECK(says(refusal("<html><body>not found</body></html>"), "something else"));
  CHECK(says(refusal("not found"), "not XML"));
  CHECK(says(refusal(""), "not XML"));
}

TEST_CASE("autoconfig: entities and external files are never replaced by anything") {
  const auto with = [](const std::string& dtd) {
    return refusal(
        config(server("&e;.example.org"), "<?xml version=\"1.0\"?><!DOCTYPE clientConfig [" + dtd + "]>"));
  };
  CHECK(says(with("<!ENTITY e SYSTEM \"file:///etc/hostname\">"), "not a valid host"));
  CHECK(says(with("<!ENTITY e \"x\">"), "not a valid host"));
  std::string bomb = "<!ENTITY a0 \"aaaaaaaaaa\">";
  for (int i = 1; i < 30; ++i) {
    const auto part = "&a" + std::to_string(i - 1) + ";";
    bomb += "<!ENTITY a" + std::to_string(i) + " \"" + part + part + part + part + "\">";
  }
  CHECK(says(with(bomb + "<!ENTITY e \"&a29;\">"), "not a valid host"));
}

TEST_CASE("autoconfig: a large answer is refused, and a deep one does no harm") {
  CHECK(says(refusal(config(server("p.example.org")) + std::string(10U << 20U, ' ')), "too large"));
  std::string deep;
  for (std::size_t i = 0; i < setup::largest_announcement / 3 - 1; ++i) deep += "<a>";
  CHECK(says(refusal(deep), "not XML"));
}

TEST_CASE("autoconfig: every beginning of an answer is refused or harmless") {
  const auto whole = config(server("pop.example.org"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(says(refusal(whole.substr(0, size)), "taken"));
}

TEST_CASE("PACC: an answer counts when the DNS vouches for it") {
  const std::string json =
      R"({"protocols": {"imap": {"host": "i.example.org"}, "pop3": {"host": "Pop.example.org"}}, "authentication": {"password": true}})";
  const auto found = setup::read_pacc(json, {"v=spf1 -all", record_for(json)}, anna);
  REQUIRE(found.server);
  CHECK(found.server->host == "pop.example.org");
  CHECK(found.server->port == 995);
  CHECK(found.server->tls == Tls::implicit);
  CHECK(found.server->takes_password);
  for (const auto& records : {std::vector<std::string>{},
                              {"v=spf1 -all"},
                              {record_for(json + " ")},
                              {"v=UAAC2; a=sha256; d=x"},
                              {"v=UAAC1; a=sha256; d="}})
    CHECK_THROWS_AS(static_cast<void>(setup::read_pacc(json, records, anna)), util::Error);
}

TEST_CASE("PACC: what is no server is refused") {
  for (const auto* json :
       {R"({})", R"({"protocols": {"pop3": 1}})", R"({"protocols": {"pop3": {"host": 7}}})",
        R"({"protocols": {"pop3": {"host": "127.0.0.1"}}})", R"({"protocols": []})"}) {
    const auto found = setup::read_pacc(json, {record_for(json)}, anna);
    CHECK_FALSE(found.server);
    CHECK_FALSE(found.why_none.empty());
  }
  CHECK_THROWS_AS(static_cast<void>(setup::read_pacc("{", {record_for("{")}, anna)), util::Error);
  const std::string deep(60000, '[');
  CHECK_THROWS_AS(static_cast<void>(setup::read_pacc(deep, {record_for(deep)}, anna)), util::Error);
  const auto only = std::string(
      R"({"protocols": {"pop3": {"host": "p.example.org"}}, "authentication": {"oauth-public": {"issuer": "https://x"}}})");
  const auto found = setup::read_pacc(only, {record_for(only)}, anna);
  CHECK((found.server->takes_oauth && !found.server->takes_password));
}
