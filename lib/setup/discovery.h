// SPDX-License-Identifier: MIT
// Finds the POP3 server of an address: in the table of providers, then in what its domain publishes over
// HTTPS and in the DNS, then through the host that receives its mail. Guesses nothing, and connects to no
// mail server.
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

/// What discovery needs from outside of lib; `app` provides it.
struct DiscoveryOutside {
  /// Asks all URLs at once; the outcomes are in their order.
  std::function<std::vector<net::HttpsOutcome>(const std::vector<std::string>& urls)> ask_pages;
  /// Empty: the DNS must not be asked.
  std::function<std::vector<net::DnsAnswer>(const std::vector<net::DnsQuestion>& questions)> ask_dns;
  /// Reports each step: who was asked, and the outcome. Both texts can be shown as they are.
  std::function<void(const std::string& asked, const std::string& outcome)> tell;
  /// Whether these hosts, which do not belong to the domain, may be asked as well. They learn the domain.
  std::function<bool(const std::vector<std::string>& hosts)> allows;
};

/// A server, and who says so.
struct FoundServer {
  AnnouncedServer at;
  std::string source;                  ///< "the table of providers", "the SRV records of example.org"
  bool confirmed = false;              ///< the table or the user names it; a forged MX record could
                                       ///< only choose another genuine provider in the table
  const Provider* provider = nullptr;  ///< what the table knows of it
  std::string page;                    ///< an https page where POP3 is switched on; may be empty
};

struct Discovery {
  std::optional<FoundServer> found;
  const Provider* without_pop3 = nullptr;  ///< the provider of the address has no POP3 server
  bool nobody_answered = false;            ///< no usable answer came: there may be no network
};

/// Throws Error{usage} if the text is not an address, Error{cancelled}.
[[nodiscard]] Discovery discover(std::string_view address, const DiscoveryOutside& outside);

/// The same for a server that a person has named: "pop.example.org", "pop3://pop.example.org:110". Adds what
/// the table knows of it. nullopt if the text does not name a server.
[[nodiscard]] std::optional<FoundServer> server_named(std::string_view name, std::string_view address);

/// "pop3s://pop.example.org:9955"
std::string url_of(const AnnouncedServer& server);

}  // namespace mailhaul::setup
