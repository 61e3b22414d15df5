// SPDX-License-Identifier: MIT
#pragma once
#include "delivery/stored_mail.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// Reads all messages in new/ and cur/ of a Maildir and of the folders below it, each once, even if readers
/// move files meanwhile. Does nothing if there is no such directory. Throws Error{storage}.
void read_maildir(const util::Path& path, const StoredMailVisitor& visitor);

}  // namespace mailhaul::delivery
