// SPDX-License-Identifier: MIT
// Messages as an mbox stream on standard output, LAW section 5.
#pragma once
#include <memory>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// `fd` is borrowed; SIGPIPE must be ignored. Throws Error{usage} for a terminal.
std::unique_ptr<Destination> open_stdout(int fd, const RunContext& context);

extern const KindRow stdout_kind;

}  // namespace mailhaul::delivery
