// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/batch.h"

namespace mailhaul::engine {

/// Whether the copy is withheld from its place: no other program is started after a request to stop, and a
/// place that refuses everything is offered nothing more. In the second case, `run.refusing` records it.
[[nodiscard]] bool is_withheld(AccountRun& run, const ReceivedMessage::Copy& copy);
/// The kind of error that is shown for a message that was not published.
[[nodiscard]] util::Kind kind_of(delivery::DeliveryStatus status);
/// Records in `run.refusing` what a place answered to a message that it was given.
void note_answer(AccountRun& run, const ReceivedMessage& message, const ReceivedMessage::Copy& copy);

}  // namespace mailhaul::engine
