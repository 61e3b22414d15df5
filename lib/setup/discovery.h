// SPDX-License-Identifier: MIT
// Finds the POP3 server of an address: in the table of providers, then by what its domain says of itself over
// HTTPS and in the DNS, then by who receives its mail. Nothing is guessed, and no mail server is connected
// to.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/dns_records.h"
#include "net/https_request.h"
#include "setup/autoconfig.h"
#include "setup/providers.h"

namespace mailhaul::setup {

/// Each step takes this long at most.
inline constexpr std::chrono::seconds discovery_limit{5};

/// What discovery may ask of the world outside, handed in by `app`.
struct DiscoveryOutside {
  /// Asks all URLs at once; the outcomes are in their order.
  std::function<std::vector<net::HttpsOutcome>(const std::vector<std::string>& urls)> ask_pages;
  /// Empty: the DNS must not be asked.
  std::function<std::vector<net::DnsAnswer>(const std::vector<net::DnsQuestion>& questions)> ask_dns;
  /// Is told each step: who was asked, and the outcome. Both are fit to be shown.
  std::function<void(const std::string& asked, const std::string& outcome)> tell;
  /// Whether these hosts, which are not the domain's own, may be asked as well; they learn the domain.
  std::function<bool(const std::vector<std::string>& hosts)> allows;
};

/// A server, and who says so.
struct FoundServer {
  AnnouncedServer at;
  std::string source;                  ///< "the table of providers", "the SRV records of example.org"
  bool confirmed = false;              ///< the table names it; if the MX record chose the row, a forged
                                       ///< answer can only lead to another genuine provider
  const Provider* provider = nullptr;  ///< what the table knows of it
  std::string page;                    ///< an https page where POP3 is switched on; may be empty
};

struct Discovery {
  std::optional<FoundServer> found;
  const Provider* without_pop3 = nullptr;  ///< the provider of the address has no POP3 server
  bool nobody_answered = false;            ///< in a usable way: there may be no network
};

/// Throws Error{usage} for what is no address, Error{cancelled}.
[[nodiscard]] Discovery discover(std::string_view address, const DiscoveryOutside& outside);

/// The same for a server that a person has named: "pop.example.org", "pop3://pop.example.org:110". What the
/// table knows of it is added. Empty: it is no server.
[[nodiscard]] std::optional<FoundServer> server_named(std::string_view name, std::string_view address);

/// "pop3s://pop.example.org:9955"
std::string url_of(const AnnouncedServer& server);

}  // namespace mailhaul::setup
