// SPDX-License-Identifier: MIT
// The answer to CAPA: RFC 2449 section 6.
#include "pop3/capabilities.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "util/ascii.h"

namespace mailhaul::pop3 {

namespace {

constexpr std::string_view separators = " \t\r";

/// Takes the next word off the line; empty at its end.
std::string_view take_word(std::string_view& line) { return util::take_word(line, separators); }

/// "EXPIRE 30", "EXPIRE 30 USER", "EXPIRE NEVER".
std::optional<int> days(std::string_view word) {
  const auto number = util::parse_number(word);
  if (!number) return std::nullopt;
  return static_cast<int>(std::min<std::uint64_t>(*number, std::numeric_limits<int>::max()));
}

}  // namespace

Capabilities parse_capabilities(std::span<const std::string> lines) {
  Capabilities found;
  for (std::string_view line : lines) {
    const auto name = take_word(line);
    if (util::equal_nocase(name, "PIPELINING")) found.pipelining = true;
    if (util::equal_nocase(name, "UIDL")) found.uidl = true;
    if (util::equal_nocase(name, "TOP")) found.top = true;
    if (util::equal_nocase(name, "EXPIRE")) found.expire_days = days(take_word(line));
  }
  return found;
}

}  // namespace mailhaul::pop3
