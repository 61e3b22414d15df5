// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/batch.h"

namespace mailhaul::engine {

/// Whether the message is kept from this place: no other program is started after a request to stop, and a
/// place may refuse everything, which is noted.
[[nodiscard]] bool is_withheld(AccountRun& run, const ReceivedMessage::Copy& copy);
/// The kind of error that is shown for a message that was not published.
[[nodiscard]] util::Kind kind_of(delivery::DeliveryStatus status);
/// Notes what a place answered that a message was handed to.
void note_answer(AccountRun& run, const ReceivedMessage& message, const ReceivedMessage::Copy& copy);

}  // namespace mailhaul::engine
