// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "delivery/destination.h"
#include "delivery/spec.h"
#include "state/store.h"

namespace mailhaul::engine {

/// Completes what a killed process left half delivered in this mailbox (S3 and S4 to S5): each landing with a
/// ticket, from the ticket alone (LAW sections 3 to 5). Must come before anything else that touches the
/// mailbox. `named`: the places that the profile names now. Throws Error{storage} if a place that a ticket
/// names is missing and among `named`, or is a Maildir that was replaced by another one. If a place is
/// missing and not among `named`, its messages are in doubt.
void recover(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
             std::span<const delivery::Spec> named);

/// The same for commands that can do without it: does not throw Error{storage}.
void recover_if_possible(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
                         std::span<const delivery::Spec> named);

}  // namespace mailhaul::engine
