// SPDX-License-Identifier: MIT
#pragma once
#include "util/cancel.h"

namespace mailhaul::app {

/// The first SIGINT, SIGTERM or SIGHUP (unless SIGHUP is ignored, as under nohup) requests `cancel`. A second
/// one ends the process at once; the next run recovers. SIGPIPE and SIGXFSZ are ignored. `cancel` must
/// outlive all work. Call it once, before threads are started.
void catch_signals(util::Cancel& cancel);

}  // namespace mailhaul::app
