// SPDX-License-Identifier: MIT
// The names of our files. Instance and mailbox distinguish them from all others.
#pragma once
#include <string>
#include <string_view>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// "maildir:/absolute/path", and the path of such a target.
std::string target_of(const KindRow& kind, const util::Path& path);
util::Path path_of(const Ticket& ticket);
/// The stable id at the start of `text`, up to the first "," ":" ";" or blank, if this instance made it for
/// this mailbox; otherwise empty. Ids from version 1 of the state file count for every mailbox: such names
/// are not made any more, so a file that no ticket in the database names is an orphan.
[[nodiscard]] std::string_view leading_id(std::string_view text, const RunContext& context);
/// The directory for spools, created with mode 0700 if it is missing. Throws Error{cannot_create}.
util::Path spool_directory(const RunContext& context);

}  // namespace mailhaul::delivery
