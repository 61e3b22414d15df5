// SPDX-License-Identifier: MIT
// Whether a row and what was read of a listed message belong together, as long as their UIDL is the same (LAW
// section 1). Pure.
#pragma once
#include <cstdint>
#include <optional>

#include "engine/fingerprint.h"
#include "pop3/session.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// Whether no other message can have this header: it has a Message-ID, or is one that the server made up.
[[nodiscard]] bool header_is_unique(const MessageHashes& hashes);

/// Whether a body of `octets` is too long to be the body of `other` octets made anew, because a new boundary
/// has nearly the same length. Then the other body was only the beginning.
[[nodiscard]] bool is_more(std::uint64_t octets, std::uint64_t other);

/// Notes the size that LIST announces now. `octets`: the size of the body that the row stands for, if it was
/// just read.
void note_size(state::Row& row, std::uint64_t listed, std::optional<std::uint64_t> octets);

/// Whether the header from TOP shows that the row belongs to the listed message. `top` is empty if TOP was
/// refused. `sizes_are_off`: the server is known to announce wrong sizes, so that the size proves nothing. If
/// another message may have the same header, a header proves no delivered message whose content hash is
/// known.
[[nodiscard]] bool header_identifies(const state::Row& row, const pop3::Listed& listed,
                                     const std::optional<MessageHashes>& top, bool sizes_are_off);

/// Whether a row with this message's UIDL and header, but another body, may be the same message, whose body
/// the server makes anew at each RETR: a notice with a random boundary in place of a message that it cannot
/// send. A second RETR shows this, because it brings yet another body. True only for a day after the
/// delivery, while the message has not reached all its destinations, or once the server was seen to do this.
/// False if another message may have this header, because the reports of a program often differ in their
/// bodies only, and if the body is longer now: then only a part was delivered.
[[nodiscard]] bool may_be_remade(const state::Row& row, const pop3::Listed& listed,
                                 const MessageHashes& hashes, state::Time now);

/// Whether the row stands for other content than that of the message that was retrieved.
[[nodiscard]] bool has_other_content(const state::Row& row, const MessageHashes& hashes);

/// Whether the row belongs to another message than the one that was retrieved, as far as one RETR can show: a
/// body that the server may make anew proves nothing yet.
[[nodiscard]] bool is_another(const state::Row& row, const pop3::Listed& listed, const MessageHashes& hashes,
                              state::Time now);

}  // namespace mailhaul::engine
