// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// What the store knows of an account as a whole.
struct AccountStatus {
  std::optional<state::LastRun> run;  ///< empty: none has ended so far
  /// No login is tried before this time, because the last ones were refused, or the server asked for a pause.
  std::optional<state::Time> not_before;
};

/// The status of each account, without the network. Creates no database. Throws Error.
[[nodiscard]] std::vector<AccountStatus> statuses(std::span<const account::Account> accounts,
                                                  const Environment& environment);
/// The same for one account.
[[nodiscard]] AccountStatus status(const account::Account& account, const Environment& environment);

}  // namespace mailhaul::engine
