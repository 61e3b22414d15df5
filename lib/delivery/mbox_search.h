// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "delivery/box.h"
#include "delivery/image.h"
#include "delivery/record.h"

namespace mailhaul::delivery {

/// The entries of an mbox from `start` on, which is where one begins (or its padding).
std::vector<Extent> entries_from(const Box& box, std::uint64_t start);

/// For each of `records`, whether a whole copy of it is among `entries`. By its id in the trace header;
/// without one, equal contents are counted. `spool` below 0: it is gone, and the id must do.
std::vector<bool> find_copies(const Box& box, std::span<const Extent> entries, int spool,
                              std::span<const Record> records);

}  // namespace mailhaul::delivery
