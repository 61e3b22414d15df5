// SPDX-License-Identifier: MIT
// Finds out facts about files and directories without changing them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "util/file.h"

namespace mailhaul::setup {

/// The directory, or the nearest one above that exists.
util::Path existing(util::Path directory);

/// Whether this user may create a file in what is expected to be a directory.
bool takes_files(const util::Path& directory);

/// The text of a small file; empty if this user may not read it.
std::string text_if_readable(const util::Path& file);

/// Files in a directory, also those that links lead to, in the order of their names.
std::vector<util::Path> files_in(const util::Path& directory);

/// Directories in a directory whose names end in `end`, in the order of their names.
std::vector<util::Path> folders_in(const util::Path& directory, std::string_view end);

}  // namespace mailhaul::setup
