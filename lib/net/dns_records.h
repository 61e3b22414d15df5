// SPDX-License-Identifier: MIT
// Records of a domain that say where its mail servers are. libcurl and the system's resolver look up
// addresses only.
#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "util/cancel.h"

namespace mailhaul::net {

enum class RecordType { srv, mx, txt };

struct DnsQuestion {
  RecordType type;
  std::string name;
};

/// What an SRV record (RFC 2782) names, or an MX record, which has neither port nor weight. `host` is as it
/// came, without the dot at its end. If it is empty, it is the root: there is no such service.
struct DnsTarget {
  std::string host;
  std::uint16_t port = 0, priority = 0, weight = 0;
};

struct DnsAnswer {
  std::vector<DnsTarget> targets;  ///< the best first: by priority, then by weight
  std::vector<std::string> texts;  ///< of TXT records, each in one piece
  std::string problem;             ///< why no usable answer came; empty if one came, even without records
};

struct DnsLimits {
  std::string name_server = {};  ///< ADDRESS[:PORT]; empty: those of the system
  std::chrono::seconds limit{5};
};

/// Asks all questions at once; the answers are in their order. Only the form of an answer is checked.
/// Throws Error{usage} for a name server that is not an address, Error{cancelled}.
[[nodiscard]] std::vector<DnsAnswer> ask_dns(std::span<const DnsQuestion> questions, const DnsLimits& limits,
                                             const util::Cancel& cancel);

/// A host name with umlauts and the like as the DNS has it: "xn--bcher-kva.example". Empty if it is invalid.
[[nodiscard]] std::string name_in_dns(const std::string& name);

}  // namespace mailhaul::net
