// SPDX-License-Identifier: MIT
// Delivery into a Maildir, LAW section 3.
#pragma once
#include <memory>

#include "delivery/destination.h"
#include "delivery/maildir_folder.h"
#include "util/host.h"

namespace mailhaul::delivery {

extern const KindRow maildir_kind;

/// For tests: opens a folder as if it were on this kind of file system.
std::unique_ptr<Destination> open_maildir_on(MaildirFolder folder, util::Medium medium,
                                             const RunContext& context);

}  // namespace mailhaul::delivery
