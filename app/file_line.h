// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "util/error.h"

namespace mailhaul::app {

/// An error that begins with "FILE:LINE:COLUMN: ", with that line of the text below it and a mark under the
/// place; other errors as they are. Of the line only what cannot be a secret is shown: keys, and what the
/// error says anyway.
util::Error with_line(const util::Error& error, const std::string& file, std::string_view text);

}  // namespace mailhaul::app
