// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/run.h"

namespace mailhaul::engine {

/// To be called before a run: with -q, failures of messages that were reported less than a day ago are not
/// reported again.
void recall_trouble(AccountRun& run);

/// Notes in the run's `server` since when the account is in trouble, and reports the end of the trouble
/// (`status_before` is the exit status of the run before). With -q, temporary trouble is reported once, after
/// 24 hours; lasting trouble when it begins, when it replaces other trouble, and then once a day. At other
/// times the outcome is returned with quiet_skips_it set. After a day, the error says since when.
[[nodiscard]] AccountOutcome note_trouble(AccountRun& run, AccountOutcome outcome, int status_before);

/// Whether -q is silent about an error that the database cannot remember.
[[nodiscard]] bool was_told_elsewhere(const account::Account& account, const Environment& environment,
                                      const util::Error& error);

/// The outcome of a run whose trouble could not be stored.
[[nodiscard]] AccountOutcome note_trouble_elsewhere(const AccountRun& run, AccountOutcome outcome,
                                                    const util::Error& not_stored);

}  // namespace mailhaul::engine
