// SPDX-License-Identifier: MIT
// The mailbox on the server that an account fetches from: its row in the store, its lock, and when it
// was polled last.
#pragma once
#include <optional>
#include <string>

#include "account/account.h"
#include "state/store.h"
#include "util/fd.h"
#include "util/file.h"

namespace mailhaul::engine {

/// The mailbox's id in the store; makes its row if there is none.
state::MailboxId mailbox_in(state::Store& store, const account::Account& account);
/// The same, but makes no row; empty if the mailbox has none.
std::optional<state::MailboxId> find_mailbox(const state::Store& store, const account::Account& account);

/// Takes the mailbox's kernel lock, in a file beside the database. It is held as long as the Fd lives. Throws
/// Error{temporary} while another run holds it.
[[nodiscard]] util::Fd lock_mailbox(const account::MailboxKey& key, const util::Path& state_file);

/// Records `begun`, the time at which the last run began that was not stopped. It is kept in the mailbox's
/// lock file, because in the database it would cost a commit in every idle poll. It is not synced, because no
/// mail depends on it. Throws Error{storage}.
void note_poll(const account::MailboxKey& key, const util::Path& state_file, state::Time begun);
/// The time that note_poll() recorded last; empty if there is none, or if the file cannot be read.
std::optional<state::Time> last_poll(const account::MailboxKey& key, const util::Path& state_file);

}  // namespace mailhaul::engine
