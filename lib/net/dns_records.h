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

/// Of a SRV record (RFC 2782), or of an MX record, which has neither port nor weight. `host` is as it came,
/// without the dot at its end; empty: the root, which means that there is no such service.
struct DnsTarget {
  std::string host;
  std::uint16_t port = 0, priority = 0, weight = 0;
};

struct DnsAnswer {
  std::vector<DnsTarget> targets;  ///< the best first: by priority, then by weight
  std::vector<std::string> texts;  ///< of TXT records, each in one piece
  std::string problem;             ///< why no usable answer came; empty: one came, and it may be empty
};

struct DnsLimits {
  std::string name_server = {};  ///< ADDRESS[:PORT]; empty: those of the system
  std::chrono::seconds limit{5};
};

/// Asks all questions at once; the answers are in their order. Nothing in an answer is checked but its form.
/// Throws Error{usage} for a name server that is not an address, Error{cancelled}.
[[nodiscard]] std::vector<DnsAnswer> ask_dns(std::span<const DnsQuestion> questions, const DnsLimits& limits,
                                             const util::Cancel& cancel);

/// A host name with umlauts and the like as the DNS has it: "xn--bcher-kva.example". Empty: it cannot be one.
[[nodiscard]] std::string name_in_dns(const std::string& name);

}  // namespace mailhaul::net
