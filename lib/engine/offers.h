// SPDX-License-Identifier: MIT
#pragma once
#include "engine/account_run.h"
#include "engine/batch.h"

namespace mailhaul::engine {

/// Whether the message is kept from this place, because the place refuses everything. Notes that it was.
[[nodiscard]] bool is_withheld(AccountRun& run, const ReceivedMessage::Copy& copy);
/// Notes what a place answered that a message was handed to.
void note_answer(AccountRun& run, const ReceivedMessage& message, const ReceivedMessage::Copy& copy);

}  // namespace mailhaul::engine
