// SPDX-License-Identifier: MIT
// The names we give to files: ours are told from all others by instance and mailbox.
#pragma once
#include <string>
#include <string_view>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// "maildir:/absolute/path", and its path again.
std::string target_of(const KindRow& kind, const util::Path& path);
util::Path path_of(const Ticket& ticket);
/// The stable id at the start of `text` when this instance made it for this mailbox: up to the first "," ":"
/// ";" or blank. Empty when there is none. Ids of state files of version 1 count, whatever their mailbox:
/// nobody makes such names any more, so what no ticket in the database names is an orphan.
[[nodiscard]] std::string_view leading_id(std::string_view text, const RunContext& context);
/// The directory for spools, 0700, made if missing. Throws Error{cannot_create}.
util::Path spool_directory(const RunContext& context);

}  // namespace mailhaul::delivery
