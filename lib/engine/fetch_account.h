// SPDX-License-Identifier: MIT
#pragma once
#include <mutex>

#include "engine/run.h"

namespace mailhaul::engine {

/// One run of one account. Never throws for its failure: that is in the outcome, and `listener` was told.
/// `writes` is the mutex of all Stores on the database.
AccountOutcome fetch_account(const account::Account& account, const Environment& environment,
                             report::Listener& listener, std::mutex& writes);

}  // namespace mailhaul::engine
