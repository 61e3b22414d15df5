// SPDX-License-Identifier: MIT
#include "engine/last_run.h"

#include <utility>

namespace mailhaul::engine {

state::LastRun last_run_after(state::LastRun last, const AccountOutcome& outcome, state::Time now) {
  if (outcome.totals.fetched != 0) last.mail = now;
  if (outcome.error && outcome.error->kind() == util::Kind::cancelled) return last;
  last.ended = now;
  last.status = status_of(outcome);
  last.error = outcome.error ? outcome.error->what() : "";
  last.hint = outcome.error ? outcome.error->hint() : "";
  if (!outcome.error || outcome.totals.listed != 0) {  // otherwise the server may not have been asked
    last.listed = outcome.totals.left;
    last.waiting = outcome.totals.waiting;
    last.waiting_bytes = outcome.totals.waiting_bytes;
  }
  if (last.status == 0) {
    last.succeeded = now;
    last.failing_since.reset();
  } else if (!last.failing_since || *last.failing_since > now) {
    last.failing_since = now;
  }
  return last;
}

void note_last_run(AccountRun& run, const AccountOutcome& outcome) {
  auto before = run.store.last_run(run.mailbox);
  auto last = last_run_after(before.value_or(state::LastRun()), outcome, run.environment.now());
  if (last.error.empty() && last.status != 0) last.error = run.notices.last_failure();
  if (before != last) run.store.note_run(run.mailbox, last);
}

}  // namespace mailhaul::engine
