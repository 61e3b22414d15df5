// SPDX-License-Identifier: MIT
#include "setup/discovery.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "util/base64.h"
#include "util/digest.h"
#include "util/error.h"

using namespace mailhaul;
using net::RecordType;
using net::Tls;

namespace {

/// A script for the outside world: pages and records that it does not contain do not exist.
struct ScriptedWorld {
  std::map<std::string, std::pair<int, std::string>> pages;
  std::map<std::string, net::DnsAnswer> records;
  bool generous = false, has_dns = true;
  std::vector<std::string> asked;      ///< URLs and names, in order
  std::vector<std::string> asked_for;  ///< hosts of third parties for which permission was requested
  std::string told;

  std::vector<net::HttpsOutcome> answer(const std::vector<std::string>& urls) {
    std::vector<net::HttpsOutcome> outcomes;
    for (const auto& url : urls) {
      asked.push_back(url);
      const auto page = pages.find(url.substr(0, url.find('?')));
      if (page == pages.end()) {
        outcomes.push_back({.error = util::Error(util::Kind::temporary, "cannot ask HOST: there is none")});
      } else {
        outcomes.push_back({.answer = net::HttpsAnswer{.status = page->second.first,
                                                       .body = util::Secret(page->second.second)}});
      }
    }
    return outcomes;
  }

  setup::Discovery discover(const std::string& address) {
    setup::DiscoveryOutside outside{
        .ask_pages = [this](const auto& urls) { return answer(urls); },
        .tell = [this](const auto& who, const auto& what) { told += who + ": " + what + "\n"; },
        .allows =
            [this](const auto& hosts) {
              asked_for = hosts;
              return generous;
            }};
    if (has_dns)
      outside.ask_dns = [this](const auto& questions) {
        std::vector<net::DnsAnswer> answers;
        for (const auto& question : questions) {
          asked.push_back(question.name);
          const auto kind = question.type == RecordType::mx ? "MX " : "";
          answers.push_back(records[kind + question.name]);
        }
        return answers;
      };
    return setup::discover(address, outside);
  }

  bool has_asked(std::string_view text) const {
    return std::ranges::any_of(asked, [&](const auto& one) { return one.find(text) != std::string::npos; });
  }
};

std::string autoconfig(const std::string& host) {
  return "<clientConfig><emailProvider><incomingServer type=\"pop3\"><hostname>" + host +
         "</hostname><port>995</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username>"
         "</incomingServer></emailProvider></clientConfig>";
}

const std::string at_autoconfig = "https://autoconfig.example.org/mail/config-v1.1.xml";
const std::string at_well_known = "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml";
const std::string at_pacc = "https://ua-auto-config.example.org/.well-known/user-agent-configuration.json";

}  // namespace

TEST_CASE("an address of a known provider is looked up in the table, and nobody is asked") {
  ScriptedWorld world;
  const auto result = world.discover("anna@GMX.de");
  REQUIRE(result.found);
  CHECK(result.found->at.host == "pop.gmx.net");
  CHECK(result.found->confirmed);
  CHECK(world.asked.empty());
}

TEST_CASE("a provider without POP3 ends the search") {
  ScriptedWorld world;
  const auto result = world.discover("anna@icloud.com");
  CHECK_FALSE(result.found);
  REQUIRE(result.without_pop3);
  CHECK(result.without_pop3->name == "iCloud");
  CHECK(world.asked.empty());
}

TEST_CASE("autoconfig is asked at both places, with the address at the first only") {
  ScriptedWorld world;
  world.pages[at_well_known] = {200, autoconfig("pop.hoster.example")};
  const auto result = world.discover("anna+x&y@example.org");
  REQUIRE(result.found);
  CHECK(result.found->at.host == "pop.hoster.example");
  CHECK(result.found->at.user == "anna+x&y");
  CHECK_FALSE(result.found->confirmed);
  CHECK(world.asked.size() == 3);
  CHECK(world.asked[0] == at_autoconfig + "?emailaddress=anna%2Bx%26y%40example.org");
  CHECK(world.asked[1] == at_well_known);
  CHECK(world.asked[2] == at_pacc);
  CHECK(world.told.find("autoconfig.example.org: there is none\n") != std::string::npos);
}

TEST_CASE("the first of several answers counts, and all are told") {
  ScriptedWorld world;
  world.pages[at_autoconfig] = {200, autoconfig("first.example")};
  world.pages[at_well_known] = {200, autoconfig("second.example")};
  CHECK(world.discover("a@example.org").found->at.host == "first.example");
  CHECK(world.told.find("pop3s://second.example") != std::string::npos);
}

TEST_CASE("a redirection and an error page are no answers") {
  ScriptedWorld world;
  world.pages[at_autoconfig] = {302, autoconfig("evil.example")};
  world.pages[at_well_known] = {404, autoconfig("evil.example")};
  CHECK_FALSE(world.discover("a@example.org").found);
  CHECK(world.told.find("elsewhere") != std::string::npos);
  CHECK(world.told.find("HTTP 404") != std::string::npos);
}

TEST_CASE("PACC counts with its record only") {
  const std::string json = R"({"protocols": {"pop3": {"host": "pop.example.org"}}})";
  const auto hash = util::sha256(json);
  ScriptedWorld world;
  world.pages[at_pacc] = {200, json};
  CHECK_FALSE(world.discover("a@example.org").found);
  world.records["_ua-auto-config.example.org"].texts = {
      "v=UAAC1; a=sha256; d=" + util::base64_encode(std::string(hash.begin(), hash.end()))};
  const auto result = world.discover("a@example.org");
  REQUIRE(result.found);
  CHECK(result.found->source == "ua-auto-config.example.org");
}

TEST_CASE("SRV: TLS before STLS, and a dot means that there is none") {
  ScriptedWorld world;
  world.records["_pop3s._tcp.example.org"].targets = {{.host = "", .port = 0}};
  world.records["_pop3._tcp.example.org"].targets = {{.host = "Pop.example.org", .port = 1100}};
  const auto stls = world.discover("a@example.org");
  REQUIRE(stls.found);
  CHECK(setup::url_of(stls.found->at) == "pop3://pop.example.org:1100");
  CHECK(stls.found->at.tls == Tls::starttls);
  world.records["_pop3s._tcp.example.org"].targets = {{.host = "tls.example.org", .port = 995}};
  const auto tls = world.discover("a@example.org");
  CHECK(setup::url_of(tls.found->at) == "pop3s://tls.example.org");
  CHECK(tls.found->at.user == "a@example.org");
}

TEST_CASE("SRV: what is no host is refused") {
  for (const auto* host : {"localhost", "127.0.0.1", "a b.example", "a.example\033[2J", "_x.example"}) {
    ScriptedWorld world;
    world.records["_pop3s._tcp.example.org"].targets = {{.host = host, .port = 995}};
    CHECK_FALSE(world.discover("a@example.org").found);
    CHECK(world.told.find('\033') == std::string::npos);
  }
}

TEST_CASE("the provider that receives the mail is found in the table") {
  ScriptedWorld world;
  world.records["MX example.org"].targets = {{.host = "ASPMX.L.google.com", .priority = 1}};
  const auto result = world.discover("anna@example.org");
  REQUIRE(result.found);
  CHECK(result.found->at.host == "pop.gmail.com");
  CHECK(result.found->at.user == "anna@example.org");
  CHECK(world.asked_for.empty());
}

TEST_CASE("others are asked only when that is allowed, and learn the domain at most") {
  ScriptedWorld world;
  world.records["MX example.org"].targets = {{.host = "mx1.mail.hoster.example", .priority = 1}};
  world.pages["https://autoconfig.hoster.example/mail/config-v1.1.xml"] = {200,
                                                                           autoconfig("pop.hoster.example")};
  world.pages["https://autoconfig.thunderbird.net/v1.1/example.org"] = {200, autoconfig("other.example")};
  CHECK_FALSE(world.discover("anna@example.org").found);
  CHECK(world.asked_for == std::vector<std::string>{"autoconfig.mail.hoster.example", "mail.hoster.example",
                                                    "autoconfig.hoster.example", "hoster.example",
                                                    "autoconfig.thunderbird.net"});
  CHECK_FALSE(world.has_asked("hoster.example"));
  CHECK_FALSE(world.has_asked("thunderbird"));
  world.generous = true;
  world.asked.clear();
  const auto result = world.discover("anna@example.org");
  REQUIRE(result.found);
  CHECK(result.found->at.host == "pop.hoster.example");
  CHECK(result.found->source == "autoconfig.hoster.example");
  for (const auto& url : world.asked)
    if (url.find("hoster") != std::string::npos || url.find("thunderbird") != std::string::npos)
      CHECK(url.find("anna") == std::string::npos);
}

TEST_CASE("the domain that receives the mail is asked at both places of an autoconfig file") {
  ScriptedWorld world;
  world.generous = true;
  world.records["MX example.org"].targets = {{.host = "mx1.hoster.example", .priority = 1}};
  world.pages["https://hoster.example/.well-known/autoconfig/mail/config-v1.1.xml"] = {
      200, autoconfig("pop.hoster.example")};
  const auto result = world.discover("anna@example.org");
  REQUIRE(result.found);
  CHECK(result.found->at.host == "pop.hoster.example");
  CHECK(result.found->source == "hoster.example/.well-known/autoconfig");
  CHECK_FALSE(result.found->confirmed);
  CHECK(std::ranges::count_if(world.asked, [](const auto& url) {
          return url.find("hoster.example") != std::string::npos && url.find('?') == std::string::npos;
        }) == 2);
}

TEST_CASE("an odd MX host is neither asked nor offered") {
  for (const auto* host : {"", "localhost", "10.0.0.1", "a/b.example", "evil.example:444"}) {
    ScriptedWorld world;
    world.generous = true;
    world.records["MX example.org"].targets = {{.host = host, .priority = 1}};
    CHECK_FALSE(world.discover("a@example.org").found);
    CHECK(world.asked_for == std::vector<std::string>{"autoconfig.thunderbird.net"});
  }
}

TEST_CASE("no name server is asked where a proxy looks names up") {
  ScriptedWorld world;
  world.has_dns = false;
  world.pages[at_pacc] = {200, R"({"protocols": {"pop3": {"host": "pop.example.org"}}})"};
  CHECK_FALSE(world.discover("a@example.org").found);
  CHECK(world.told.find("proxy") != std::string::npos);
}

TEST_CASE("trouble with a name server is told") {
  ScriptedWorld world;
  world.records["_pop3s._tcp.example.org"].problem = "no answer in time";
  CHECK_FALSE(world.discover("a@example.org").found);
  CHECK(world.told.find("_pop3s._tcp.example.org: no answer in time") != std::string::npos);
}

TEST_CASE("if nobody answers, discovery says that nobody answered") {
  const auto silent = [] {
    ScriptedWorld world;
    for (const auto* name : {"_pop3s._tcp.example.org", "_pop3._tcp.example.org", "MX example.org"})
      world.records[name].problem = "no answer in time";
    return world;
  };
  auto world = silent();
  CHECK(world.discover("a@example.org").nobody_answered);
  world.has_dns = false;  // with a proxy, which itself may not reach the domain
  CHECK_FALSE(world.discover("a@example.org").nobody_answered);
  auto with_records = silent();
  with_records.records["MX example.org"].problem.clear();
  CHECK_FALSE(with_records.discover("a@example.org").nobody_answered);
  auto with_page = silent();
  with_page.pages[at_pacc] = {404, ""};
  CHECK_FALSE(with_page.discover("a@example.org").nobody_answered);
  CHECK_FALSE(silent().discover("a@gmail.com").nobody_answered);
}

TEST_CASE("a server that a person names") {
  const auto url = [](std::string_view name) {
    const auto server = setup::server_named(name, "a@example.org");
    return server ? setup::url_of(server->at) + " " + server->at.user : "";
  };
  CHECK(url("pop.example.org") == "pop3s://pop.example.org a@example.org");
  CHECK(url("Pop.example.org:9955") == "pop3s://pop.example.org:9955 a@example.org");
  CHECK(url("pop3s://pop.example.org") == "pop3s://pop.example.org a@example.org");
  CHECK(url("pop3://pop.example.org") == "pop3://pop.example.org a@example.org");
  for (const auto* name : {"", "pop", "pop.example.org:0", "pop.example.org:x", "pop.example.org:",
                           "imap://a.example", "https://a.example", "a.example/x", "127.0.0.1"})
    CHECK_MESSAGE(url(name).empty(), name);
  CHECK(setup::server_named("pop.gmx.net", "a@example.org")->provider != nullptr);
}
