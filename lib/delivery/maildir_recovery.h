// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "delivery/maildir_folder.h"

namespace mailhaul::delivery {

/// Destination::recover for a Maildir.
[[nodiscard]] std::vector<DeliveryResult> recover_maildir(MaildirFolder& folder, const RunContext& context,
                                                          std::span<const Ticket> tickets);
/// Destination::sweep for a Maildir.
void sweep_maildir(const MaildirFolder& folder, const RunContext& context, std::span<const Ticket> keep);
/// The name of a message in new/: as in maildir(5), with the size as in Maildir++.
std::string published_name(std::string_view id, std::uint64_t bytes);

}  // namespace mailhaul::delivery
