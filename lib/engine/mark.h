// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "account/account.h"
#include "engine/environment.h"
#include "report/listener.h"

namespace mailhaul::engine {

/// Marks listed messages as seen: they are never fetched and never removed. Without `uids` (as typed), all
/// that are not delivered. First completes what a killed run left half delivered. Returns how many were
/// marked. Throws Error; Error{usage} for a UID that is not listed.
std::size_t mark_seen(const account::Account& account, const Environment& environment,
                      report::Listener& listener, std::span<const std::string> uids);

}  // namespace mailhaul::engine
