// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <set>

#include "engine/read_only_session.h"

namespace mailhaul::engine {

/// The numbers of listed messages with unknown UIDs whose headers, read by TOP, are those of known messages
/// that are not listed: after `state rebuild`, or if the server has new UIDs. A fetch reads these messages,
/// compares their content, and does not deliver those that are known. Reads nothing if there is no TOP, or if
/// no known message can be one of them.
std::set<std::uint32_t> moved_uids(ReadOnlySession& read_only);

}  // namespace mailhaul::engine
