// SPDX-License-Identifier: MIT
// Runs the commands of an account: when mail has come, and when trouble begins or ends.
#pragma once
#include "account/account.h"
#include "engine/environment.h"
#include "engine/run.h"
#include "report/listener.h"

namespace mailhaul::engine {

/// Runs the commands that the outcome calls for, without a shell, and warns of a command that fails.
/// REQUIRES: the mailbox is not locked, so that the commands may run mailhaul.
void run_hooks(const account::Account& account, const AccountOutcome& outcome, const Environment& environment,
               report::Listener& listener);

}  // namespace mailhaul::engine
