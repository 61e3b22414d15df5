// SPDX-License-Identifier: MIT
#include "setup/discovery.h"

#include <algorithm>
#include <array>

#include "setup/host_names.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/percent.h"

namespace mailhaul::setup {
namespace {

using net::DnsAnswer;
using net::HttpsOutcome;
using net::RecordType;
using net::Tls;
using util::Error;

constexpr std::string_view public_database = "autoconfig.thunderbird.net";

// An autoconfig file is at autoconfig.DOMAIN, as config_file, and at DOMAIN, as config_file below well_known.
constexpr std::string_view well_known = "/.well-known/autoconfig";
constexpr std::string_view config_file = "/mail/config-v1.1.xml";

/// Why a host could not be asked, without "cannot ask HOST: ", because the host is reported anyway.
std::string reason_of(const Error& error) {
  const std::string_view sentence = error.what();
  const auto end = sentence.find(": ");
  const bool names_host = sentence.starts_with("cannot ask ") && end != std::string_view::npos;
  return std::string(names_host ? sentence.substr(end + 2) : sentence);
}

/// Takes the steps of discovery for one address, one after the other.
class Search {
 public:
  Search(std::string_view address, const DiscoveryOutside& outside)
      : address_(address), domain_(domain_of(address)), outside_(outside) {}

  Discovery run() {
    by_table();
    if (!is_over()) by_domain();
    if (!is_over()) by_records();
    if (!is_over()) by_receiver();
    if (!is_over()) by_others();
    result_.nobody_answered = !is_over() && outside_.ask_dns && !was_answered_;
    return std::move(result_);
  }

 private:
  bool is_over() const { return result_.found || result_.without_pop3 != nullptr; }

  void tell(const std::string& asked, const std::string& outcome) const { outside_.tell(asked, outcome); }

  void take_provider(const Provider& provider, const std::string& source) {
    if (provider.host.empty()) {
      result_.without_pop3 = &provider;
      return;
    }
    FoundServer found{.at = {.host = std::string(provider.host),
                             .port = provider.port,
                             .tls = provider.tls,
                             .user = user_name_of(provider, address_),
                             .takes_password = provider.sign_in != SignIn::oauth,
                             .takes_oauth = provider.sign_in == SignIn::oauth},
                      .source = source,
                      .confirmed = true,
                      .provider = &provider,
                      .page = {}};
    result_.found = std::move(found);
  }

  void by_table() {
    const auto* const provider = provider_of_domain(domain_);
    tell("the table of providers", provider == nullptr ? "has no entry for " + domain_
                                                       : domain_ + " is " + std::string(provider->name));
    if (provider != nullptr) take_provider(*provider, "the table of providers");
  }

  /// Autoconfig and PACC at once; the first of them that has a server counts.
  void by_domain() {
    const auto query = "?emailaddress=" + util::percent_encode(address_);
    const std::string file(config_file), folder(well_known);
    const std::vector<std::string> pages{
        "https://autoconfig." + domain_ + file + query, "https://" + domain_ + folder + file,
        "https://ua-auto-config." + domain_ + "/.well-known/user-agent-configuration.json"};
    const auto outcomes = outside_.ask_pages(pages);
    take_autoconfig("autoconfig." + domain_, outcomes[0]);
    take_autoconfig(domain_ + folder, outcomes[1]);
    take_pacc("ua-auto-config." + domain_, outcomes[2]);
  }

  void take_autoconfig(const std::string& source, const HttpsOutcome& outcome) {
    take(source, outcome, [&](std::string_view text) { return read_autoconfig(text, address_); });
  }

  void take_pacc(const std::string& source, const HttpsOutcome& outcome) {
    take(source, outcome, [&](std::string_view text) {
      std::vector<std::string> records;
      if (outside_.ask_dns)
        records = outside_.ask_dns({{RecordType::txt, "_ua-auto-config." + domain_}}).front().texts;
      return read_pacc(text, records, address_);
    });
  }

  /// Reads a page, and reports what it says.
  template <typename Read>
  void take(const std::string& source, const HttpsOutcome& outcome, Read read) {
    if (!outcome.answer) return tell(source, outcome.error ? reason_of(*outcome.error) : "no answer");
    was_answered_ = true;
    const int status = outcome.answer->status;
    if (status >= 300 && status < 400)
      return tell(source, "redirects elsewhere, which mailhaul does not follow");
    if (status != 200) return tell(source, "has no such file (HTTP " + std::to_string(status) + ")");
    try {
      const auto announcement = read(std::string_view(outcome.answer->body.reveal()));
      tell(source, announcement.server ? url_of(*announcement.server) : announcement.why_none);
      if (announcement.server && !result_.found)
        take_announced(*announcement.server, source, announcement.page);
    } catch (const Error& error) {
      tell(source, error.what());
    }
  }

  void take_announced(const AnnouncedServer& server, const std::string& source, const std::string& page) {
    result_.found = FoundServer{
        .at = server, .source = source, .provider = provider_of_server(server.host), .page = page};
  }

  /// SRV (RFC 6186 section 3.3) and MX at once; MX is kept for the next step.
  void by_records() {
    if (!outside_.ask_dns) return tell("DNS", "not asked: a proxy is in use");
    const auto answers = outside_.ask_dns({{RecordType::srv, "_pop3s._tcp." + domain_},
                                           {RecordType::srv, "_pop3._tcp." + domain_},
                                           {RecordType::mx, domain_}});
    const auto has_answered = [](const DnsAnswer& answer) { return answer.problem.empty(); };
    was_answered_ = was_answered_ || std::ranges::any_of(answers, has_answered);
    take_srv("_pop3s._tcp." + domain_, answers[0], Tls::implicit);
    take_srv("_pop3._tcp." + domain_, answers[1], Tls::starttls);
    receivers_ = answers[2];
  }

  void take_srv(const std::string& name, const DnsAnswer& answer, Tls tls) {
    const auto source = "SRV record " + name;
    if (!answer.problem.empty()) return tell(source, answer.problem);
    if (answer.targets.empty()) return tell(source, "none");
    const auto& best = answer.targets.front();
    if (best.host.empty()) return tell(source, "not offered");
    if (!is_host_name(best.host) || best.port == 0)
      return tell(source, "it names a server that is not a valid host: '" + util::escape(best.host) + "'");
    const AnnouncedServer server{
        .host = util::lower(best.host), .port = best.port, .tls = tls, .user = address_};
    tell(source, url_of(server));
    if (!result_.found) take_announced(server, source, {});
  }

  /// The provider that receives the mail of the domain.
  void by_receiver() {
    const auto source = "MX record " + domain_;
    if (!outside_.ask_dns) return;
    if (!receivers_.problem.empty()) return tell(source, receivers_.problem);
    if (receivers_.targets.empty()) return tell(source, "none");
    receiver_ = util::lower(receivers_.targets.front().host);
    if (!is_host_name(receiver_)) {
      tell(source, "it names a server that is not a valid host: '" + util::escape(receiver_) + "'");
      return receiver_.clear();
    }
    const auto* const provider = provider_of_mx(receiver_);
    tell(source, receiver_ + (provider == nullptr ? "" : ", which is " + std::string(provider->name)));
    if (provider != nullptr) take_provider(*provider, "the table of providers, by the MX record");
  }

  /// Who else may know: the receiver's own domain, and the public database.
  void by_others() {
    std::vector<std::string> hosts, sources, pages;
    const auto add = [&](const std::string& host, const std::string& source, const std::string& path) {
      hosts.push_back(host);
      sources.push_back(source);
      pages.push_back("https://" + host + path);
    };
    for (const auto& domain : receiver_domains()) {
      add("autoconfig." + domain, "autoconfig." + domain, std::string(config_file));
      add(domain, domain + std::string(well_known), std::string(well_known) + std::string(config_file));
    }
    const std::string database(public_database);
    add(database, database, "/v1.1/" + domain_);
    if (!outside_.allows(hosts)) return tell("others", "not asked");
    const auto outcomes = outside_.ask_pages(pages);
    for (std::size_t i = 0; i < hosts.size(); ++i) take_autoconfig(sources[i], outcomes[i]);
  }

  /// "mail.hoster.example" and "hoster.example" of "mx.mail.hoster.example", but not the domain itself.
  std::vector<std::string> receiver_domains() const {
    std::vector<std::string> domains;
    if (receiver_.empty()) return domains;
    const auto base = base_domain(receiver_);
    if (receiver_ != base) domains.push_back(receiver_.substr(receiver_.find('.') + 1));
    if (domains.empty() || domains.front() != base) domains.push_back(base);
    std::erase(domains, domain_);
    return domains;
  }

  std::string address_, domain_;
  const DiscoveryOutside& outside_;
  DnsAnswer receivers_;
  std::string receiver_;
  bool was_answered_ = false;  ///< by any web or name server
  Discovery result_;
};

}  // namespace

Discovery discover(std::string_view address, const DiscoveryOutside& outside) {
  return Search(address, outside).run();
}

std::optional<FoundServer> server_named(std::string_view name, std::string_view address) {
  const bool is_plain = name.starts_with("pop3://");
  AnnouncedServer server{.tls = is_plain ? Tls::starttls : Tls::implicit, .user = std::string(address)};
  if (is_plain || name.starts_with("pop3s://")) name.remove_prefix(name.find('/') + 2);
  const auto colon = std::min(name.find(':'), name.size());
  const auto port = util::parse_number(name.substr(std::min(colon + 1, name.size())));
  server.host = util::lower(name.substr(0, colon));
  server.port = is_plain ? 110 : 995;
  if (colon < name.size()) {
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    server.port = static_cast<std::uint16_t>(*port);
  }
  if (!is_host_name(server.host)) return std::nullopt;
  const auto* const provider = provider_of_server(server.host);
  if (provider != nullptr) server.user = user_name_of(*provider, address);
  if (provider != nullptr && provider->sign_in == SignIn::oauth) {
    server.takes_password = false;
    server.takes_oauth = true;
  }
  return FoundServer{.at = server, .source = "you", .confirmed = true, .provider = provider, .page = {}};
}

std::string url_of(const AnnouncedServer& server) {
  const bool implicit = server.tls == Tls::implicit;
  std::string url = (implicit ? "pop3s://" : "pop3://") + server.host;
  if (server.port != (implicit ? 995 : 110)) url += ":" + std::to_string(server.port);
  return url;
}

}  // namespace mailhaul::setup
