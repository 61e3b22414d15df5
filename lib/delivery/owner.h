// SPDX-License-Identifier: MIT
// Who may write to a path. Root may write anywhere, but another user cannot read the mail that root leaves in
// their Maildir or mbox.
#pragma once
#include <sys/stat.h>

#include "util/file.h"

namespace mailhaul::delivery {

/// Throws Error{cannot_create} because `path` belongs to `owner`; the hint names that user.
[[noreturn]] void refuse_owner(const util::Path& path, uid_t owner);
/// As root, throws like refuse_owner() if another user owns `path` or, if `path` does not exist, the
/// directory in which it would be created. Does nothing for other users.
void require_own_as_root(const util::Path& path);
/// Throws Error{cannot_create} if a path that does not exist cannot be created either. Creates nothing.
void require_creatable(const util::Path& path);

}  // namespace mailhaul::delivery
