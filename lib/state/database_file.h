// SPDX-License-Identifier: MIT
// The state database as a file: where it may be, and how it is created.
#pragma once
#include <string>
#include <string_view>

#include "util/error.h"
#include "util/file.h"

namespace mailhaul::state {

/// The absolute path of the file, or of the file that a symbolic link points to: the journal and the locks
/// are kept beside the target of the link. Throws Error{config} for a link that points nowhere: perhaps the
/// disk of its target is not mounted, and with a new database all mail would be fetched again.
[[nodiscard]] util::Path real_path(const util::Path& file);

/// Makes sure that the database exists. Creates a new one (0600, complete and durable, never replacing
/// anything) when there is none. Throws Error{config} for a network file system or something that is not a
/// regular file, Error{storage} for an empty file or a journal without its database. REQUIRES: the caller
/// holds the mutex of all Stores on this file, because a descriptor of the file is closed here, and that
/// drops the locks which SQLite holds in this process.
void provide_file(const util::Path& file);

/// Creates a new database on a file system that has no unnamed files (O_TMPFILE).
void publish_by_name(const util::Path& file);

/// Error{storage} "the state database FILE is damaged: ...", with what to do as its hint.
[[nodiscard]] util::Error damaged(const util::Path& file, std::string_view what);

/// Error{storage} for a journal without its database, with the command that moves the journal away.
[[nodiscard]] util::Error orphaned_journal(const util::Path& file);

/// The command that moves a damaged database away, and its journal when there is one.
[[nodiscard]] std::string set_aside_command(const util::Path& file);

}  // namespace mailhaul::state
