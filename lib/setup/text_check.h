// SPDX-License-Identifier: MIT
// Other programs read bytes, and mailhaul.json is UTF-8: it cannot contain a text in another character set.
#pragma once
#include <string_view>

#include "setup/draft.h"

namespace mailhaul::setup {

/// Takes out each account that has a text which is not UTF-8, with a note, because the configuration cannot
/// contain such a text. A password may have any bytes. `text` is the other program's file, for line numbers.
void leave_out_other_bytes(Outcome& outcome, std::string_view text);

}  // namespace mailhaul::setup
