// SPDX-License-Identifier: MIT
// Whether a row and what was read of a listed message belong together, as long as their UIDL is the same (LAW
// section 1). Pure.
#pragma once
#include <optional>

#include "engine/fingerprint.h"
#include "pop3/session.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// Whether no other message can have this header: it has a Message-ID, or is one that the server made up.
[[nodiscard]] bool header_is_unique(const MessageHashes& hashes);

/// Whether the header that TOP showed proves it. `sizes_are_off`: the server is known to announce wrong
/// sizes, so that the size proves nothing.
[[nodiscard]] bool header_proves(const state::Row& row, const pop3::Listed& listed,
                                 const std::optional<util::Hash>& header, bool sizes_are_off);

/// Whether the row belongs to another message than the one that was retrieved.
[[nodiscard]] bool is_another(const state::Row& row, const pop3::Listed& listed, const MessageHashes& hashes,
                              state::Time now);

}  // namespace mailhaul::engine
