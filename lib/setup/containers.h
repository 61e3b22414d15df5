// SPDX-License-Identifier: MIT
// Where the containers of docker-mailserver and Mailu keep what fetchmail and getmail have in a home
// directory.
#pragma once
#include <string_view>
#include <vector>

#include "util/file.h"

namespace mailhaul::setup {

/// Whether the path names a regular file; false if that cannot be found out.
[[nodiscard]] bool is_file(const util::Path& path);

/// The configurations of the program in a directory that the user has named. They may be named as in a home
/// directory, or as docker-mailserver mounts them ("config/fetchmail.cf", "getmail/main.cf"). Throws
/// Error{no_config} if there is none.
[[nodiscard]] std::vector<util::Path> files_below(const util::Path& directory, std::string_view program);

/// The list of fetched messages of a configuration in such a directory: in the directory itself, or where a
/// container keeps the list; `usual` if it is in none of these places.
[[nodiscard]] util::Path list_below(const util::Path& directory, std::string_view program,
                                    const util::Path& usual);

/// The getmail configurations in a directory: getmailrc first, then the other files that have a retriever. If
/// there is no getmailrc, all files that getmail itself would read.
[[nodiscard]] std::vector<util::Path> getmail_files_in(const util::Path& directory);

/// Whether the file stands beside getmailrc, where getmail reads it only if it is named (-r).
[[nodiscard]] bool is_beside_getmailrc(const util::Path& path);

}  // namespace mailhaul::setup
