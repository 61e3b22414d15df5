// SPDX-License-Identifier: MIT
#pragma once
#include <mutex>

#include "engine/run.h"

namespace mailhaul::engine {

/// Fetches for one account. Does not throw when the account fails: the error is in the outcome, and
/// `listener` has received it. `writes` is the mutex of all Stores on the database.
[[nodiscard]] AccountOutcome fetch_account(const account::Account& account, const Environment& environment,
                                           report::Listener& listener, std::mutex& writes);

}  // namespace mailhaul::engine
