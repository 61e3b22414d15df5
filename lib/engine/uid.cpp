// SPDX-License-Identifier: MIT
#include "engine/uid.h"

#include <algorithm>

#include "util/escape.h"

namespace mailhaul::engine {

std::string shown_uid(const pop3::Listed& message, const std::optional<util::Hash>& header) {
  if (!message.uidl.empty()) return util::escape_uid(message.uidl);
  if (header) return "sha256:" + util::hex(*header);
  return "#" + std::to_string(message.number);
}

bool any_has_uidl(std::span<const pop3::Listed> listed) {
  return std::ranges::any_of(listed, [](const auto& message) { return !message.uidl.empty(); });
}

std::string typed_uid(std::string_view typed) {
  const auto bytes = util::unescape_uid(typed);
  return util::escape_uid(bytes ? std::string_view(*bytes) : typed);
}

}  // namespace mailhaul::engine
