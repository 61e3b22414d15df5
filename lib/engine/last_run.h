// SPDX-License-Identifier: MIT
// What a run leaves in the store for `status`.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/account_run.h"
#include "engine/read_only_session.h"
#include "engine/run.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// What is to be stored when a run has ended with `outcome`; `last` is from the run before. A run that was
/// stopped says nothing about the account.
[[nodiscard]] state::LastRun last_run_after(state::LastRun last, const AccountOutcome& outcome,
                                            state::Time now);

/// How the last run on the mailbox ended: what the store says, with the times of idle polls after it.
/// Empty: no run has ended so far.
[[nodiscard]] std::optional<state::LastRun> last_run_of(const state::Store& store, state::MailboxId mailbox,
                                                        const account::MailboxKey& key);

/// Stores how the run ended; if only the times are new, they are noted in the mailbox's lock file instead.
/// Sets `trouble` and `trouble_error` of the outcome. REQUIRES: -q has not changed the outcome's error yet.
void note_last_run(AccountRun& run, AccountOutcome& outcome, state::Time begun);

/// Corrects what is stored after a command other than fetch has listed the messages and has removed `removed`
/// of them. `settled`: the numbers, sorted, of those that it has removed or marked. Does nothing if no run
/// has ended so far.
void note_listing(ReadOnlySession& read_only, std::span<const std::uint32_t> settled, std::size_t removed);

/// Why the server must not be asked now.
struct TooSoon {
  std::string_view key;  ///< of the profile, or the server's capability; static text
  std::string sentence;
};
/// Empty: the server may be asked.
[[nodiscard]] std::optional<TooSoon> too_soon(const AccountRun& run);

/// Whether messages that failed before are asked for in the session of the others, because the server permits
/// no second session now (LOGIN-DELAY). False after a run that failed: such messages may break the session,
/// and then QUIT removes nothing, so this is done in every second run at most.
[[nodiscard]] bool failed_ones_go_along(const AccountRun& run);

}  // namespace mailhaul::engine
