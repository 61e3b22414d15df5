// SPDX-License-Identifier: MIT
// What can be known of files and directories without a change.
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

/// Directories in it whose names end so.
std::vector<util::Path> folders_in(const util::Path& directory, std::string_view end);

}  // namespace mailhaul::setup
