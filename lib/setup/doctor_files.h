// SPDX-License-Identifier: MIT
// What can be known of a file before it is created.
#pragma once
#include "util/file.h"

namespace mailhaul::setup {

/// The directory, or the nearest one above that exists.
util::Path existing(util::Path directory);

/// Whether this user may create a file in what is expected to be a directory.
bool takes_files(const util::Path& directory);

}  // namespace mailhaul::setup
