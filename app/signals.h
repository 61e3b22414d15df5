// SPDX-License-Identifier: MIT
#pragma once
#include "util/cancel.h"

namespace mailhaul::app {

/// The first SIGINT, SIGTERM or SIGHUP (unless SIGHUP is ignored, as under nohup) requests `cancel`. A second
/// one ends the process at once; the next run recovers. SIGPIPE and SIGXFSZ are ignored, SIGCHLD is not.
/// `cancel` must outlive all work. Call it once, before threads are started.
void catch_signals(util::Cancel& cancel);

/// Records that live lines are on the terminal and begin `rows_above` rows above the cursor. A second signal
/// then removes them, and says that the program was stopped at once. Any thread may call both functions.
void note_live_lines(int rows_above) noexcept;
void note_no_live_lines() noexcept;

/// While this object exists, SIGHUP requests `reload` instead. REQUIRES: catch_signals() was called. One
/// object at a time.
class ReloadSignal {
 public:
  explicit ReloadSignal(util::Cancel& reload);
  ReloadSignal(const ReloadSignal&) = delete;
  ReloadSignal& operator=(const ReloadSignal&) = delete;
  ~ReloadSignal();
  void aim(util::Cancel& reload) noexcept;  ///< from now on SIGHUP requests this one
};

}  // namespace mailhaul::app
