// SPDX-License-Identifier: MIT
// UIDs as people see and type them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pop3/session.h"
#include "util/digest.h"

namespace mailhaul::engine {

/// The server's UID escaped, else "sha256:" and the header's hash, else "#" and the message's number.
std::string shown_uid(const pop3::Listed& message, const std::optional<util::Hash>& header);

/// Whether the server names any of these messages by a UIDL.
[[nodiscard]] bool any_has_uidl(std::span<const pop3::Listed> listed);

/// What was typed, spelled as shown_uid() spells it.
std::string typed_uid(std::string_view typed);

}  // namespace mailhaul::engine
