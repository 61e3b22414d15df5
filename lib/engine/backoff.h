// SPDX-License-Identifier: MIT
// What a failure means for the next runs: no login for a while, and when a quiet cron job speaks (LAW section
// 7, -q).
#pragma once
#include "engine/errand.h"
#include "engine/run.h"
#include "util/error.h"

namespace mailhaul::engine {

/// Throws Error{temporary} while no login is to be tried. A person's presence or a changed profile clears it.
void check_backoff(Errand& errand);
/// A login was refused: 5 minutes, doubling to 6 hours; [LOGIN-DELAY]: 5 minutes.
void note_refusal(Errand& errand, const util::Error& error);
void forget_backoff(Errand& errand);

/// Notes whether the account is in temporary trouble, since when, and that its end is to be told.
/// True: the trouble is not to be told by -q (yet, or again).
bool note_trouble(Errand& errand, const Outcome& outcome);

}  // namespace mailhaul::engine
