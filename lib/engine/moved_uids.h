// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <set>

#include "engine/read_only_session.h"

namespace mailhaul::engine {

/// The numbers of listed messages with unknown UIDs whose headers, read by TOP, are those of known messages
/// that are not listed: after `state rebuild`, or if the server has new UIDs. A fetch reads them, compares
/// their content, and delivers none of those that are the same. If there is no TOP, or no known message
/// could be one of them, nothing is read.
std::set<std::uint32_t> moved_uids(ReadOnlySession& look);

}  // namespace mailhaul::engine
