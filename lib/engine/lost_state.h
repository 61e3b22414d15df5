// SPDX-License-Identifier: MIT
// Notices that the records of a mailbox are lost, or are under another name: its mail must not arrive twice.
#pragma once
#include <span>

#include "engine/account_run.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// Checks a mailbox of which nothing is recorded, unless all its mail is wanted anyway. Throws Error{storage}
/// where the places hold a listed message that a mailhaul with another database delivered, and where the
/// messages are known as those of the same user at another host. Messages are recognised by their headers, by
/// TOP.
void require_no_lost_state(AccountRun& run, pop3::Session& session, std::span<const pop3::Listed> listed);

}  // namespace mailhaul::engine
