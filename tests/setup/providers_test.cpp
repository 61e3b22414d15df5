// SPDX-License-Identifier: MIT
#include "setup/providers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "support/cpp/text.h"

namespace {

using namespace mailhaul;
using setup::Provider;
using setup::SignIn;
using test::contains;

std::vector<std::string> words_of(std::string_view list) {
  std::istringstream stream{std::string(list)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_host(const std::string& name) {
  static const std::regex form("([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}");
  return name.size() <= 253 && std::regex_match(name, form);
}

/// Whether a text fits into a hint: no full stop at its end, no needless blank, no control character.
bool is_clause(std::string_view text) {
  return text.empty() ||
         (!text.ends_with('.') && !text.ends_with(' ') && text.find("  ") == std::string_view::npos &&
          std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
}

net::Endpoint at(const std::string& host, std::uint16_t port = 995) { return {.host = host, .port = port}; }

net::Login login(const std::string& user, net::Auth auth = net::Auth::automatic) {
  return {.user = user, .secret = {}, .auth = auth};
}

TEST_CASE("every row of the table of providers is complete, and every host is a host") {
  const auto rows = setup::providers();
  CHECK(rows.size() > 60);
  const std::regex day("20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
  for (const auto* row : rows) {
    CAPTURE(row->name);
    CHECK(!row->name.empty());
    CHECK(!(row->domains.empty() && row->mx.empty()));
    CHECK((row->host.empty() || is_host(std::string(row->host))));
    CHECK((!row->host.empty() || !row->note.empty()));  // the note says what to do instead
    CHECK((row->host.empty() || !row->may_tell_server));
    for (const auto& domain : words_of(row->domains)) CHECK_MESSAGE(is_host(domain), domain);
    for (const auto& host : words_of(row->mx)) CHECK_MESSAGE(is_host(host), host);
    CHECK(row->tls != net::Tls::none);
    CHECK(row->port == (row->tls == net::Tls::implicit ? 995 : 110));
    CHECK((row->sign_in != SignIn::app_password || !row->get_secret.empty()));
    CHECK((row->sign_in != SignIn::oauth || !row->oauth.empty()));
    CHECK((row->oauth.empty() || row->oauth == "google" || row->oauth == "microsoft"));
    for (const auto text : {row->get_secret, row->enable, row->note}) CHECK_MESSAGE(is_clause(text), text);
    CHECK(row->source.starts_with("https://"));
    CHECK(std::regex_match(std::string(row->checked), day));
  }
}

TEST_CASE("the providers that most users have are in the table, each with its server") {
  const std::vector<std::pair<std::string, std::string>> servers{{"libero.it", "popmail.libero.it"},
                                                                 {"virgilio.it", "in.virgilio.it"},
                                                                 {"tim.it", "pop.tim.it"},
                                                                 {"alice.it", "in.alice.it"},
                                                                 {"tiscali.it", "pop.tiscali.it"},
                                                                 {"fastwebnet.it", "pop.fastwebnet.it"},
                                                                 {"email.it", "pop.email.it"},
                                                                 {"aruba.it", "pop3s.aruba.it"},
                                                                 {"arubapec.it", "pop3s.pec.aruba.it"},
                                                                 {"postecert.it", "mail.postecert.it"},
                                                                 {"legalmail.it", "mbox.cert.legalmail.it"},
                                                                 {"register.it", "pop.securemail.pro"},
                                                                 {"gmail.com", "pop.gmail.com"},
                                                                 {"googlemail.com", "pop.gmail.com"},
                                                                 {"outlook.com", "outlook.office365.com"},
                                                                 {"hotmail.com", "outlook.office365.com"},
                                                                 {"live.com", "outlook.office365.com"},
                                                                 {"msn.com", "outlook.office365.com"},
                                                                 {"yahoo.com", "pop.mail.yahoo.com"},
                                                                 {"ymail.com", "pop.mail.yahoo.com"},
                                                                 {"rocketmail.com", "pop.mail.yahoo.com"},
                                                                 {"cox.net", "pop.mail.yahoo.com"},
                                                                 {"aol.com", "pop.aol.com"},
                                                                 {"netscape.net", "pop.aol.com"},
                                                                 {"verizon.net", "pop.aol.com"},
                                                                 {"att.net", "inbound.att.net"},
                                                                 {"icloud.com", ""},
                                                                 {"gmx.de", "pop.gmx.net"},
                                                                 {"gmx.com", "pop.gmx.com"},
                                                                 {"web.de", "pop3.web.de"},
                                                                 {"mail.com", "pop.mail.com"},
                                                                 {"t-online.de", "securepop.t-online.de"},
                                                                 {"magenta.de", "securepop.t-online.de"},
                                                                 {"1und1.de", "pop.ionos.de"},
                                                                 {"strato.de", "pop3.strato.de"},
                                                                 {"posteo.de", "posteo.de"},
                                                                 {"mailbox.org", "pop3.mailbox.org"},
                                                                 {"vodafonemail.de", "pop3.vodafonemail.de"},
                                                                 {"arcor.de", "pop3.vodafonemail.de"},
                                                                 {"orange.fr", "pop.orange.fr"},
                                                                 {"wanadoo.fr", "pop.orange.fr"},
                                                                 {"free.fr", "pop.free.fr"},
                                                                 {"laposte.net", "pop.laposte.net"},
                                                                 {"sfr.fr", "pop.sfr.fr"},
                                                                 {"neuf.fr", "pop.sfr.fr"},
                                                                 {"ovh.net", "ssl0.ovh.net"},
                                                                 {"bluewin.ch", "pop3s.bluewin.ch"},
                                                                 {"kpnmail.nl", "pop.kpnmail.nl"},
                                                                 {"xs4all.nl", "pop.kpnmail.nl"},
                                                                 {"ziggo.nl", "pop.ziggo.nl"},
                                                                 {"proximus.be", "pop.proximus.be"},
                                                                 {"mail.ru", "pop.mail.ru"},
                                                                 {"bk.ru", "pop.mail.ru"},
                                                                 {"yandex.ru", "pop.yandex.com"},
                                                                 {"seznam.cz", "pop3.seznam.cz"},
                                                                 {"wp.pl", "pop3.wp.pl"},
                                                                 {"o2.pl", "poczta.o2.pl"},
                                                                 {"onet.pl", "pop3.poczta.onet.pl"},
                                                                 {"zoho.com", "pop.zoho.com"},
                                                                 {"zoho.eu", "pop.zoho.eu"},
                                                                 {"zoho.in", "pop.zoho.in"},
                                                                 {"zoho.jp", "pop.zoho.jp"},
                                                                 {"zoho.com.au", "pop.zoho.com.au"},
                                                                 {"zohocloud.ca", "pop.zohocloud.ca"},
                                                                 {"fastmail.com", "pop.fastmail.com"},
                                                                 {"comcast.net", "mail.comcast.net"},
                                                                 {"btinternet.com", "mail.btinternet.com"},
                                                                 {"sky.com", "pop.tools.sky.com"},
                                                                 {"virginmedia.com", "pop3.virginmedia.com"},
                                                                 {"charter.net", "mobile.charter.net"},
                                                                 {"rr.com", "mail.twc.com"},
                                                                 {"centurylink.net", "pop.centurylink.net"},
                                                                 {"earthlink.net", "pop.earthlink.net"},
                                                                 {"sympatico.ca", "pophm.sympatico.ca"},
                                                                 {"telstra.com", "pop.telstra.com"},
                                                                 {"xtra.co.nz", "pop3.xtra.co.nz"},
                                                                 {"qq.com", "pop.qq.com"},
                                                                 {"163.com", "pop.163.com"},
                                                                 {"126.com", "pop.126.com"},
                                                                 {"naver.com", "pop.naver.com"},
                                                                 {"daum.net", ""},
                                                                 {"uol.com.br", "pop3.uol.com.br"},
                                                                 {"bol.com.br", "pop3.bol.com.br"},
                                                                 {"sapo.pt", "pop.sapo.pt"}};
  for (const auto& [domain, host] : servers) {
    const auto* const row = setup::provider_of_domain(domain);
    REQUIRE_MESSAGE(row != nullptr, domain);
    CHECK(row->host == host);
  }
  CHECK(setup::provider_of_mx("firm-example.mail.protection.outlook.com")->host == "outlook.office365.com");
}

TEST_CASE("no two providers have a domain, an MX name or a name in common") {
  std::map<std::string, int> domains, mx, names;
  for (const auto* row : setup::providers()) {
    ++names[std::string(row->name)];
    for (const auto& word : words_of(row->domains)) ++domains[word];
    for (const auto& word : words_of(row->mx)) ++mx[word];
  }
  for (const auto& all : {domains, mx, names})
    for (const auto& [word, times] : all) CHECK_MESSAGE(times == 1, word);
}

TEST_CASE("a provider is found by domain, by MX host and by server") {
  const auto name = [](const Provider* row) { return row == nullptr ? "" : std::string(row->name); };
  CHECK(name(setup::provider_of_domain("GMail.com")) == "Gmail");
  CHECK(name(setup::provider_of_domain("zohocloud.ca")) == "Zoho (ca)");
  CHECK(name(setup::provider_of_mx("mx2.zohocloud.ca")) == "Zoho (ca)");
  CHECK(name(setup::provider_of_domain("evilgmail.com")) == "");
  CHECK(name(setup::provider_of_domain("sub.gmail.com")) == "");
  CHECK(name(setup::provider_of_mx("ALT1.aspmx.l.google.com.")) == "Gmail");
  CHECK(name(setup::provider_of_mx("firm-example.mail.protection.outlook.com")) == "Microsoft 365");
  CHECK(name(setup::provider_of_mx("hotmail-com.olc.protection.outlook.com")) == "Outlook.com");
  CHECK(name(setup::provider_of_mx("google.com.example.org")) == "");
  CHECK(name(setup::provider_of_server("pop3s.pec.aruba.it")) == "Aruba PEC");
  CHECK(name(setup::provider_of_server("pop3s.aruba.it")) == "Aruba");
  CHECK(name(setup::provider_of_server("imap.gmail.com")) == "Gmail");
  CHECK(name(setup::provider_of_server("mail.example.org")) == "");
}

TEST_CASE("the user name is what the provider wants") {
  const auto name_at = [](std::string_view domain) {
    return setup::user_name_of(*setup::provider_of_domain(domain), "jane@" + std::string(domain));
  };
  CHECK(name_at("gmail.com") == "jane@gmail.com");
  CHECK(name_at("web.de") == "jane");
  CHECK(name_at("legalmail.it") == "");
}

TEST_CASE("a refused login is answered with what helps at that provider, the app password first") {
  struct Row {
    std::string host, user;
    std::vector<std::string> parts;
  };
  const std::vector<Row> rows = {
      {"pop.gmail.com", "jane@gmail.com", {"app password", "myaccount.google.com/apppasswords", "POP on"}},
      {"outlook.office365.com",
       "jane@outlook.com",
       {"not a password", "\"oauth\" to \"microsoft\"", "allow POP"}},
      {"pop.mail.yahoo.com", "jane@yahoo.com", {"app password", "login.yahoo.com"}},
      {"pop.gmx.net", "jane@gmx.de", {"switch POP3 on"}},
      {"pop3.web.de",
       "jane@web.de",
       {"before the @", "check user name and password", "switch POP3 on", "within 15m"}},
      {"ssl0.ovh.net", "jane@firm.fr", {"check user name and password", "within 1m"}},
      {"popmail.libero.it", "jane", {"the whole address", "new password"}},
      {"pop3s.pec.aruba.it", "jane@pec.it", {"90 days"}},
      {"pop3s.aruba.it", "jane@firm.it", {"check user name and password"}},
      {"mbox.cert.legalmail.it", "jane@legalmail.it", {"User ID"}},
      {"securepop.t-online.de", "jane@t-online.de", {"separate password"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    const auto hint = setup::advise(at(row.host), login(row.user)).refused;
    for (const auto& part : row.parts) CHECK_MESSAGE(contains(hint, part), hint);
  }
  const auto gmail = setup::advise(at("pop.gmail.com"), login("jane@gmail.com")).refused;
  CHECK(gmail.starts_with("Gmail requires an app password"));
}

TEST_CASE("a login by token is not told to use an app password, and is told where there is no OAuth 2") {
  using net::Auth;
  const auto gmail = setup::advise(at("pop.gmail.com"), login("jane@gmail.com", Auth::xoauth2));
  CHECK(gmail.refused.starts_with("switch POP on"));
  CHECK(contains(setup::advise(at("pop.gmx.net"), login("jane@gmx.net", Auth::xoauth2)).mechanism,
                 "not OAuth 2"));
  CHECK(contains(setup::advise(at("outlook.office365.com"), login("j@live.com")).mechanism, "only OAuth 2"));
}

TEST_CASE("where OAuth 2 is not taken, a whole sentence says which password is") {
  const auto hint =
      setup::advise(at("pop.mail.yahoo.com"), login("jane@yahoo.com", net::Auth::xoauth2)).mechanism;
  CHECK(hint ==
        "Yahoo accepts a password over POP3, but not OAuth 2: remove \"oauth\" and \"auth\"; Yahoo requires "
        "an app "
        "password here, not the password of the account: make one at "
        "https://login.yahoo.com/account/security");
}

TEST_CASE("a method that is not offered says nothing of the password where any password is the right one") {
  const auto mechanism = [](const std::string& host, const std::string& user) {
    return setup::advise(at(host), login(user, net::Auth::cram_md5)).mechanism;
  };
  CHECK(mechanism("popmail.libero.it", "jane@libero.it") == "");
  CHECK(mechanism("pop.gmx.net", "jane@gmx.de").starts_with("switch POP3 on"));
  CHECK(mechanism("pop.gmail.com", "jane@gmail.com").starts_with("Gmail requires an app password"));
}

TEST_CASE("of two providers at one server, the user's domain tells which one it is") {
  const auto refused = [](const std::string& user) {
    return setup::advise(at("outlook.office365.com"), login(user)).refused;
  };
  CHECK(refused("jane@firm.com").starts_with("Microsoft 365 accepts only OAuth 2"));
  CHECK(contains(refused("jane@firm.com"), "an administrator may have to allow POP"));
  CHECK(refused("anna@outlook.com").starts_with("Outlook.com accepts only OAuth 2"));
  CHECK(contains(refused("anna@outlook.com"), "the settings of Outlook on the web"));
}

TEST_CASE(
    "before a login by OAuth 2, an app password is named where one works, and what must be switched on") {
  const auto google = setup::advice_before_oauth("google");
  CHECK(google.starts_with("With an app password you need none of this: switch on 2-step verification"));
  CHECK(contains(google, "Before the login, switch POP on in Gmail's settings"));
  const auto microsoft = setup::advice_before_oauth("microsoft");
  CHECK(microsoft.starts_with("Before the login, allow POP"));
  CHECK(setup::advice_before_oauth("").empty());
}

TEST_CASE("a wrong server or port is answered with the right one, the right one with nothing") {
  const auto server = [](const net::Endpoint& endpoint) {
    return setup::advise(endpoint, login("jane@web.de")).server;
  };
  CHECK(server(at("pop3.web.de")) == "");
  CHECK(server(at("POP3.web.de.", 0)) == "");
  CHECK(server(at("pop3.web.de", 993)) == "the POP3 server of WEB.DE is pop3s://pop3.web.de");
  CHECK(contains(server(at("imap.web.de")), "pop3s://pop3.web.de"));
  CHECK(contains(server(at("pop.tim.it")), "pop3://pop.tim.it"));
  CHECK(contains(server(at("imap.mail.me.com")), "iCloud has no POP3 server; "));
  CHECK(server(at("pop.daum.net")).starts_with("public lists name only an IMAP server for Daum"));
  CHECK(server(at("mail.example.org", 993)) == "");
}

TEST_CASE("a wrong port, and another name of a provider, are answered with its server") {
  struct Row {
    std::string host, name, user;
  };
  const std::vector<Row> rows = {{"pop.gmail.com", "Gmail", "jane@gmail.com"},
                                 {"outlook.office365.com", "Outlook.com", "anna@outlook.com"},
                                 {"outlook.office365.com", "Microsoft 365", "jane@firm.com"},
                                 {"pop.mail.yahoo.com", "Yahoo", "jane@yahoo.com"},
                                 {"popmail.libero.it", "Libero", "jane@libero.it"},
                                 {"pop3s.aruba.it", "Aruba", "jane@firm.it"},
                                 {"pop3s.pec.aruba.it", "Aruba PEC", "jane@pec.it"}};
  for (const auto& row : rows) {
    const auto expected = "the POP3 server of " + row.name + " is pop3s://" + row.host;
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1995, 993, 110})
      CHECK(setup::advise(at(row.host, port), login(row.user)).server == expected);
    CHECK(setup::advise(at(row.host), login(row.user)).server == "");
  }
  CHECK(setup::advise(at("pop.googlemail.com"), login("jane@gmail.com")).server ==
        "the POP3 server of Gmail is pop3s://pop.gmail.com");
  CHECK(setup::advise(at("pop.libero.it"), login("jane@libero.it")).server ==
        "the POP3 server of Libero is pop3s://popmail.libero.it");
}

}  // namespace
