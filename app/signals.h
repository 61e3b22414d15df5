// SPDX-License-Identifier: MIT
#pragma once
#include "util/cancel.h"

namespace mailhaul::app {

/// SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup): the first requests `cancel`, a second
/// ends the process at once: recovery covers it. SIGPIPE and SIGXFSZ are ignored. `cancel` must outlive the
/// process's work. Once, before threads.
void catch_signals(util::Cancel& cancel);

}  // namespace mailhaul::app
