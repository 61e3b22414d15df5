// SPDX-License-Identifier: MIT
// What a failure means for the next runs: no login for a while, and when a quiet cron job speaks (LAW section
// 7, -q).
#pragma once
#include "engine/account_run.h"
#include "engine/run.h"
#include "util/error.h"

namespace mailhaul::engine {

/// Connects, trying the login methods from the remembered one on. Throws Error{temporary} while no login is
/// to be tried: after a refused one for 5 minutes, doubling to 6 hours, after [LOGIN-DELAY] for 5 minutes; a
/// person's presence or a changed profile ends that. `server` is to be stored afterwards, whatever happened.
net::LoggedIn connect(const account::Account& account, const Environment& environment, state::Server& server,
                      const net::Trace& trace);

/// Notes whether the account is in temporary trouble, since when, and that its end is to be told.
/// When it is told at last, the error says since when. True: the trouble is not to be told by -q (yet, or
/// again).
bool note_trouble(AccountRun& run, AccountOutcome& outcome);

}  // namespace mailhaul::engine
