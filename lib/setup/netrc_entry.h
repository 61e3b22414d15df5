// SPDX-License-Identifier: MIT
// A password that another program finds in ~/.netrc.
#pragma once
#include "setup/draft.h"

namespace mailhaul::setup {

/// Lets the account use netrc if mailhaul finds its password there. Otherwise a note says why not, and what
/// to do; false: there is no ~/.netrc at all, and no note. `program` is the name of the other program.
bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around, std::string_view program);

}  // namespace mailhaul::setup
