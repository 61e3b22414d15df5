// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>

#include "account/account.h"
#include "engine/environment.h"

namespace mailhaul::engine {

/// What is recorded under another name becomes that of the account's mailbox: its server was renamed, or its
/// user. Nothing here uses the network. Returns how many messages that is. Throws Error; Error{usage} when
/// nothing is recorded under that name, or something about the account's mailbox already; Error{temporary}
/// while another run is at work on one of them.
std::size_t move_here(const account::Account& account, const Environment& environment,
                      const account::MailboxKey& from);

}  // namespace mailhaul::engine
