// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <span>
#include <string>

namespace mailhaul::pop3 {

/// What the server announces in its answer to CAPA (RFC 2449 sections 5 and 6).
struct Capabilities {
  bool pipelining = false, uidl = false, top = false;
  /// EXPIRE: for how many days messages are kept; 0 means that a RETR alone may remove one. Empty: not
  /// announced, or NEVER.
  std::optional<int> expire_days;
};

/// Reads the lines of an answer to CAPA, in upper or lower case.
Capabilities parse_capabilities(std::span<const std::string> lines);

}  // namespace mailhaul::pop3
