// SPDX-License-Identifier: MIT
// Version 4 of the database records how the last run of each mailbox ended.
#pragma once

namespace mailhaul::state {

extern const char* const make_version_4;

}  // namespace mailhaul::state
