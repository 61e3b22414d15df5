// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "delivery/mbox_file.h"
#include "delivery/mbox_segments.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

/// The entries of an mbox from `start` on, which is where one begins (or its padding).
std::vector<Extent> entries_from(const LockedMbox& mbox, std::uint64_t start);

/// For each of `messages`, whether a whole copy of it is among `entries`. By its id in the trace header;
/// without one, equal contents are counted. `spool` below 0: it is gone, and the id must do.
std::vector<bool> find_copies(const LockedMbox& mbox, std::span<const Extent> entries, int spool,
                              std::span<const TicketFields> messages);

}  // namespace mailhaul::delivery
