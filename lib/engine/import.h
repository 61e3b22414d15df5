// SPDX-License-Identifier: MIT
// What another program has fetched. Nothing here uses the network.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "account/account.h"
#include "engine/environment.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// A message that another program has fetched.
struct ImportedMessage {
  std::string uid;                     ///< as the server gives it
  std::optional<state::Time> fetched;  ///< empty: now
};

/// Records the messages as delivered, all of them or none. Those whose UID is known already stay as they are.
/// The first session that lists them notes their sizes and headers. Returns how many were recorded. Throws
/// Error; Error{temporary} while another run is at work on the mailbox.
std::size_t import_delivered(const account::Account& account, const Environment& environment,
                             std::span<const ImportedMessage> messages);

}  // namespace mailhaul::engine
