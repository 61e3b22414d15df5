// SPDX-License-Identifier: MIT
// Root could deliver anywhere, but what it leaves in another user's mailbox that user cannot read.
#pragma once
#include <sys/stat.h>

#include "util/file.h"

namespace mailhaul::delivery {

/// Throws Error{cannot_create} with the user to run mailhaul as: `path` belongs to `owner`.
[[noreturn]] void refuse_owner(const util::Path& path, uid_t owner);
/// As root: throws like refuse_owner() for what belongs to another user. Nothing is at `path` yet: the same
/// for the directory in which it would be made.
void require_own_as_root(const util::Path& path);

}  // namespace mailhaul::delivery
