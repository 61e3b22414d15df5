// SPDX-License-Identifier: MIT
// The mail in the places of an account, as hashes.
#pragma once
#include <functional>

#include "account/account.h"
#include "delivery/destination.h"
#include "delivery/stored_mail.h"
#include "engine/fingerprint.h"

namespace mailhaul::engine {

/// Whether the mail in one of the account's places can be read back.
[[nodiscard]] bool can_be_read(const account::Account& account);

/// Whether a stored message may be from this account's mailbox. If this database has delivered it, its id
/// decides, whatever the server was called then. Any other message must not name another server.
[[nodiscard]] bool may_be_of(const account::Account& account, const delivery::RunContext& context,
                             const delivery::StoredMessage& message);

/// Whether a mailhaul with another database has delivered the message.
[[nodiscard]] bool is_of_another_database(const delivery::RunContext& context,
                                          const delivery::StoredMessage& message);

/// Calls `each` with each message in `place` that `wanted` accepts, and its hashes. Does nothing for a kind
/// that cannot be read back. Throws Error.
void for_each_stored(const delivery::Spec& place, const delivery::RunContext& context,
                     const std::function<bool(const delivery::StoredMessage&)>& wanted,
                     const std::function<void(const delivery::StoredMessage&, const MessageHashes&)>& each);

}  // namespace mailhaul::engine
