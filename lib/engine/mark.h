// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "account/account.h"
#include "engine/environment.h"
#include "report/listener.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// Which messages are marked, and as what.
struct Marking {
  std::span<const std::string> uids;                 ///< as typed; empty: all that are new or pending
  state::Standing standing = state::Standing::seen;  ///< or `delivered`
  std::optional<state::Time> delivered;              ///< when they were delivered; empty: now
};

struct Marked {
  std::size_t messages = 0;
  std::size_t not_listed = 0;  ///< UIDs that the server does not list
  /// Header fields of the last message that was marked, as received; empty if they cannot be read.
  std::string newest_date, newest_subject;
};

/// Marks listed messages as seen (they are never fetched and never removed) or as delivered (they are never
/// fetched, and are removed like other delivered messages). First completes what a killed run left half
/// delivered. Throws Error.
Marked mark(const account::Account& account, const Environment& environment, report::Listener& listener,
            const Marking& marking);

}  // namespace mailhaul::engine
