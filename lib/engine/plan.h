// SPDX-License-Identifier: MIT
// Policy: what to do with each listed message, and why. Pure: no clock, no disk, no network.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "pop3/session.h"
#include "report/listener.h"
#include "state/store.h"

namespace mailhaul::engine {

using report::Action;

/// How a listed message was recognised.
struct Identity {
  /// Null: unknown so far. Points into the MailboxRows in which it was found.
  const state::RowSummary* row = nullptr;
  std::optional<util::Hash> header;  ///< from TOP, where the UIDL is no good
  std::uint32_t ordinal = 0;         ///< among listed messages equal in (header, size)
  bool this_run = false;             ///< delivered in an earlier session of this run
  bool by_content = false;           ///< neither UIDL nor TOP: only its content can tell
};

struct Step {
  pop3::Listed message;
  Identity identity;
  Action action = Action::leave;
  std::string_view reason;  ///< static text: shown by "mailhaul list"
  bool mark_due = false;    ///< delete_after has come: mark it, a later run removes it
  bool too_large = false;   ///< stays because of max_size: worth a word
};

/// When, and what this run has fetched already in earlier sessions: it counts against the limits.
struct Moment {
  state::Time now;
  std::uint32_t messages = 0;
  std::uint64_t bytes = 0;
};

/// One step per listed message, in the order in which they are to be worked: the server's, or from the last
/// to the first; those that failed before come behind, where there are limits each at its turn. `identities`
/// runs parallel to `listed`; both are used up.
std::vector<Step> plan(std::vector<pop3::Listed> listed, std::vector<Identity> identities,
                       const account::Policy& policy, const Moment& moment);

}  // namespace mailhaul::engine
