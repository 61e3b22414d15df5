// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "delivery/destination.h"
#include "delivery/spec.h"
#include "state/store.h"

namespace mailhaul::engine {

/// Completes what a killed process left half delivered in this mailbox (S3 and S4 to S5): each landing with a
/// ticket, from the ticket alone (LAW sections 3 to 5). Comes before anything else that touches the mailbox.
/// `named`: the places that the profile has now. Throws Error{storage} when one of them is missing that a
/// ticket names, or another place has its name. If the profile does not have it, its messages are in doubt.
void recover(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
             std::span<const delivery::Spec> named);

/// The same for commands that go on if that cannot be done: does not throw Error{storage}.
void recover_if_possible(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
                         std::span<const delivery::Spec> named);

}  // namespace mailhaul::engine
