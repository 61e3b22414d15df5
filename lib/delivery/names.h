// SPDX-License-Identifier: MIT
// The names we give to files: ours are told from all others by instance and mailbox.
#pragma once
#include <string>
#include <string_view>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// ".mh<instance><mailbox>m": what stands in every stable id of this instance and mailbox.
std::string mark_of(const RunContext& context);
/// The stable id at the start of `text`, as far as "<seconds><mark><digits>." and a host without "," ":" ";"
/// or blanks go; empty when there is none.
std::string_view leading_id(std::string_view text, std::string_view mark);
/// The directory for spools, 0700, made if missing. Throws Error{cannot_create}.
util::Path spool_directory(const RunContext& context);
/// A file without a name in the state directory: gone when closed. Throws Error{storage}.
util::Fd nameless_file(const RunContext& context);

}  // namespace mailhaul::delivery
