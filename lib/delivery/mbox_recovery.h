// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <vector>

#include "delivery/box.h"
#include "delivery/destination.h"
#include "delivery/record.h"

namespace mailhaul::delivery {

/// Completes one batch in a locked mailbox: `records` are its tickets, of one spool. Throws Error{storage}.
std::vector<Outcome> recover_batch(const Box& box, const Site& site, std::span<const Record> records);

/// A SPOOL's journal is named SPOOL + this.
inline constexpr const char* journal_suffix = ".redo";

}  // namespace mailhaul::delivery
