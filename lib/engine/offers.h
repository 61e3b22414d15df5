// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/batch.h"

namespace mailhaul::engine {

/// Whether the message is kept from this place: no other program is started after a request to stop, and a
/// place may refuse everything, which is noted.
[[nodiscard]] bool is_withheld(AccountRun& run, const ReceivedMessage::Copy& copy);
/// What a message that was not published is for the user: content, temporary, or else storage.
[[nodiscard]] util::Kind kind_of(delivery::DeliveryStatus status);
/// Notes what a place answered that a message was handed to.
void note_answer(AccountRun& run, const ReceivedMessage& message, const ReceivedMessage::Copy& copy);

}  // namespace mailhaul::engine
