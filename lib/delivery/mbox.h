// SPDX-License-Identifier: MIT
// Delivery into an mbox file (mboxrd), LAW section 4.
#pragma once
#include <memory>

#include "delivery/destination.h"
#include "delivery/mbox_file.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// Creates the directories above the file; the file itself is created when the first mail comes. Throws
/// Error{cannot_create}.
std::unique_ptr<Destination> open_mbox(const util::Path& path, const Locking& locking,
                                       const RunContext& context);

extern const KindRow mbox_kind;

}  // namespace mailhaul::delivery
