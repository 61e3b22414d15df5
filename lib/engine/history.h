// SPDX-License-Identifier: MIT
// What the store knows about a mailbox. Nothing here uses the network.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "state/store.h"

namespace mailhaul::engine {

/// One message, as state show prints it.
struct HistoryRow {
  std::string uid;  ///< as shown and typed
  std::string_view standing;
  std::uint64_t bytes = 0;
  std::optional<state::Time> delivered;
  std::optional<state::Time> due;          ///< when delete_after marked it for removal
  std::vector<std::string> open_landings;  ///< "maildir:/home/anna/Mail (intent)"
};

/// All that is remembered about the account's mailbox.
std::vector<HistoryRow> history(const account::Account& account, const Environment& environment);

struct Forgotten {
  std::size_t messages = 0;
  std::size_t not_recorded = 0;  ///< UIDs about which nothing is recorded
};

/// Forgets the messages with these UIDs, as typed, so that they are new again; all of the mailbox if `uids`
/// is empty. First completes what a killed run left half delivered. Throws Error; Error{temporary} while
/// another run is at work on the mailbox.
Forgotten forget(const account::Account& account, const Environment& environment,
                 std::span<const std::string> uids);

}  // namespace mailhaul::engine
