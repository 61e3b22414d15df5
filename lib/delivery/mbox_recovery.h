// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <vector>

#include "delivery/destination.h"
#include "delivery/mbox_file.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

/// Completes one batch in a locked mbox. All tickets in `messages` name one spool. Throws Error{storage}.
[[nodiscard]] std::vector<DeliveryResult> recover_batch(const LockedMbox& mbox, const RunContext& context,
                                                        std::span<const TicketFields> messages);

/// The name of a spool's journal is that of the spool, followed by this suffix.
inline constexpr const char* journal_suffix = ".redo";

}  // namespace mailhaul::delivery
