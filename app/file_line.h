// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "util/error.h"

namespace mailhaul::app {

/// If the error begins with "FILE:LINE:COLUMN: ", adds that line of the text and a mark under the place.
/// Returns other errors unchanged. Only parts of the line that cannot be secret are shown: keys, and what the
/// error says anyway.
util::Error with_line(const util::Error& error, const std::string& file, std::string_view text);

}  // namespace mailhaul::app
