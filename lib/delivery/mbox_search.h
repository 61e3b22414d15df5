// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "delivery/mbox_file.h"
#include "delivery/mbox_segments.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

/// The entries of an mbox from `start` on. REQUIRES: an entry, or the padding before it, begins at `start`.
std::vector<Extent> entries_from(const LockedMbox& mbox, std::uint64_t start);

/// Returns for each of `messages` whether `entries` contain a whole copy of it. A message is found by the id
/// in its trace header, or without one by its content; each entry counts for one message only. A `spool`
/// below 0 means that the spool is gone: then the id, the length and the last bytes decide.
std::vector<bool> find_copies(const LockedMbox& mbox, std::span<const Extent> entries, int spool,
                              std::span<const TicketFields> messages);

/// Whether `last`, the last entry of the mbox, is what an interrupted write left of `message`: its
/// beginning, to which a reader may have added lines like `Status:`, but not all of it. False if that is
/// not certain: an entry that ends in a newline may be another whole message, unless `message` has a trace
/// header.
bool is_torn_copy(const LockedMbox& mbox, Extent last, int spool, const TicketFields& message);

}  // namespace mailhaul::delivery
