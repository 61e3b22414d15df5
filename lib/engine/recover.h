// SPDX-License-Identifier: MIT
#pragma once
#include "delivery/destination.h"
#include "state/store.h"

namespace mailhaul::engine {

/// Completes what a killed process left half delivered in this mailbox (S3 and S4 to S5): each landing with a
/// ticket, from the ticket alone (LAW sections 3 to 5). Comes before anything else that touches the mailbox.
/// Throws Error{storage} when a place that a ticket names is missing, or another place has its name.
void recover(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context);

/// The same for commands that go on where that cannot be done: does not throw Error{storage}.
void recover_if_possible(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context);

}  // namespace mailhaul::engine
