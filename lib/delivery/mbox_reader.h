// SPDX-License-Identifier: MIT
#pragma once
#include "delivery/mbox_file.h"
#include "delivery/stored_mail.h"

namespace mailhaul::delivery {

/// Reads all messages of an mbox, which is locked meanwhile. Throws Error{storage}.
void read_mbox(const LockedMbox& mbox, const StoredMailVisitor& visitor);

}  // namespace mailhaul::delivery
