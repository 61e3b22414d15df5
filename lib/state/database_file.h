// SPDX-License-Identifier: MIT
// The state database as a file: where it may lie, and how it comes into being.
#pragma once
#include <string>
#include <string_view>

#include "util/error.h"
#include "util/file.h"

namespace mailhaul::state {

/// The file's absolute path; when it is a symbolic link, that of the file it points to. Journal and locks
/// belong beside that one. Throws Error{config} when it points nowhere: perhaps a disk is missing, and a new
/// database would have all mail fetched again.
[[nodiscard]] util::Path real_path(const util::Path& file);

/// Sees to it that the database is there: checks its place, and publishes a new one (0600, whole and durable,
/// never in place of anything) when there is none. Throws Error{config} for a network file system or what is
/// no regular file, Error{storage} for an empty file or a journal without its database. Call it under the
/// mutex of all Stores on this file: it closes a descriptor of the file, which drops SQLite's locks of this
/// process.
void provide_file(const util::Path& file);

/// The second way to publish a new database, where the file system knows no files without a name.
void publish_by_name(const util::Path& file);

/// "the state database FILE is damaged: ...", Error{storage}, with the way on as hint.
util::Error damaged(const util::Path& file, std::string_view what);

/// The "mv" for a damaged database, and for its journal when there is one.
std::string set_aside_command(const util::Path& file);

}  // namespace mailhaul::state
