// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/run.h"

namespace mailhaul::engine {

/// Notes in the run's `server` since when the account is in temporary trouble, and reports that it is over.
/// With -q, trouble is reported once, after 24 hours, and a refused login at once and then once a day at
/// most: at other times the outcome comes back with quiet_skips_it set. After a day its error says since
/// when.
[[nodiscard]] AccountOutcome note_trouble(AccountRun& run, AccountOutcome outcome);

}  // namespace mailhaul::engine
