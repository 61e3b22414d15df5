// SPDX-License-Identifier: MIT
// Delivery into a Maildir, LAW section 3.
#pragma once
#include <memory>

#include "delivery/destination.h"
#include "delivery/maildir_folder.h"
#include "util/file.h"
#include "util/host.h"

namespace mailhaul::delivery {

/// Makes the Maildir if it is missing. Throws Error{cannot_create}.
std::unique_ptr<Destination> open_maildir(const util::Path& path, const RunContext& context);
/// Throws Error{storage} when it is missing.
std::unique_ptr<Destination> reopen_maildir(const util::Path& path, const RunContext& context);
/// With the file system's kind given, not found out.
std::unique_ptr<Destination> open_maildir_on(MaildirFolder folder, util::Medium medium,
                                             const RunContext& context);

}  // namespace mailhaul::delivery
