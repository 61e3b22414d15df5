// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>

#include "account/account.h"
#include "engine/environment.h"

namespace mailhaul::engine {

/// Moves what is recorded about the mailbox `from` to the account's mailbox, because the server or the user
/// was renamed. Does not use the network. Returns how many messages are recorded. Throws Error; Error{usage}
/// if nothing is recorded about `from`, or if something is recorded about the account's mailbox already;
/// Error{temporary} while another run is at work on one of the two.
std::size_t move_here(const account::Account& account, const Environment& environment,
                      const account::MailboxKey& from);

}  // namespace mailhaul::engine
