// SPDX-License-Identifier: MIT
#include "engine/last_run.h"

#include <algorithm>
#include <utility>

#include "engine/login.h"
#include "engine/mailbox.h"

namespace mailhaul::engine {

state::LastRun last_run_after(state::LastRun last, const AccountOutcome& outcome, state::Time now) {
  if (outcome.totals.fetched != 0) last.mail = now;
  if (!outcome.error || outcome.totals.listed != 0) {  // otherwise the server may not have been asked
    last.listed = outcome.totals.left;
    last.waiting = outcome.totals.waiting;
    last.waiting_bytes = outcome.totals.waiting_bytes;
  }
  if (outcome.error && outcome.error->kind() == util::Kind::cancelled) return last;
  last.ended = now;
  last.status = status_of(outcome);
  last.error = outcome.error ? outcome.error->what() : "";
  last.hint = outcome.error ? outcome.error->hint() : "";
  if (last.status == 0) {
    last.succeeded = now;
    last.failing_since.reset();
  } else if (!last.failing_since || *last.failing_since > now) {
    last.failing_since = now;
  }
  return last;
}

namespace {

/// Whether the run met the pause after a refused login. The reason of the refusal says more than the pause.
bool was_refused_before(const state::LastRun& before, const AccountRun& run, const AccountOutcome& outcome) {
  const bool is_paused = run.server.not_before > run.environment.now() && !run.server.login_mark.empty();
  return is_paused && before.status == util::exit_status(util::Kind::login) && outcome.totals.listed == 0 &&
         status_of(outcome) == util::exit_status(util::Kind::temporary);
}

state::LastRun with_times(state::LastRun last, state::Time poll) {
  last.ended = poll;
  last.asked = last.succeeded = poll;
  return last;
}

/// Whether nothing but the times of a run is new. False if the clock was set back since, because the earlier
/// times must be stored then.
bool has_other_times_only(const state::LastRun& stored, const state::LastRun& last) {
  return last.asked >= stored.ended && with_times(stored, *last.asked) == with_times(last, *last.asked);
}

}  // namespace

std::optional<state::LastRun> last_run_of(const state::Store& store, state::MailboxId mailbox,
                                          const account::MailboxKey& key) {
  auto last = store.last_run(mailbox);
  if (!last || last->status != 0) return last;
  const auto poll = last_poll(key, store.file());
  return poll >= last->ended ? with_times(std::move(*last), *poll) : last;
}

void note_last_run(AccountRun& run, AccountOutcome& outcome, state::Time begun) {
  const auto key = account::mailbox_of(run.account);
  const auto stored = run.store.last_run(run.mailbox);
  const auto before = last_run_of(run.store, run.mailbox, key).value_or(state::LastRun());
  auto last = last_run_after(before, outcome, run.environment.now());
  last.asked = begun;
  last.refusing = run.refusing.text();
  if (run.certificate_until) last.certificate_until = run.certificate_until;
  if (was_refused_before(before, run, outcome)) {
    last.status = before.status;
    last.error = before.error;
    last.hint = before.hint;
  }
  if (last.error.empty() && last.status != 0) last.error = run.notices.last_failure();
  if (before.failing_since.has_value() != last.failing_since.has_value()) {
    outcome.trouble = last.failing_since ? TroubleChange::begins : TroubleChange::ends;
    outcome.trouble_error = last.failing_since ? last.error : before.error;
  }
  const bool was_stopped = outcome.error && outcome.error->kind() == util::Kind::cancelled;
  const bool is_idle = !was_stopped && last.status == 0 && stored && has_other_times_only(*stored, last);
  if (!is_idle) run.store.note_run(run.mailbox, last);
  if (!was_stopped) note_poll(key, run.store.file(), begun);
}

void note_listing(ReadOnlySession& read_only, std::span<const std::uint32_t> settled, std::size_t removed) {
  auto last = read_only.store.last_run(read_only.mailbox);
  if (!last) return;
  last->listed = static_cast<std::uint32_t>(read_only.listed.size() - removed);
  last->waiting = 0;
  last->waiting_bytes = 0;
  for (std::size_t i = 0; i < read_only.listed.size(); ++i) {
    const auto* row = read_only.identities[i].row;
    const bool is_pending = row == nullptr || row->standing == state::Standing::pending;
    if (!is_pending || std::ranges::binary_search(settled, read_only.listed[i].number)) continue;
    ++last->waiting;
    last->waiting_bytes += read_only.listed[i].bytes;
  }
  read_only.store.note_run(read_only.mailbox, *last);
}

std::optional<TooSoon> too_soon(const AccountRun& run) {
  using namespace std::chrono_literals;
  constexpr auto slack = 2s;  // a timer may fire a little early by this clock
  const auto now = run.environment.now();
  if (is_within_login_delay(run.server, now + slack))
    return TooSoon{"LOGIN-DELAY", "not asked for new mail: the server permits no login before " +
                                      run.environment.shown(*run.server.not_before) + " (LOGIN-DELAY)"};
  const auto interval = run.account.policy.min_interval;
  if (interval <= 0s) return std::nullopt;
  const auto last = last_run_of(run.store, run.mailbox, account::mailbox_of(run.account));
  if (!last || !last->asked) return std::nullopt;
  const auto passed = now - *last->asked;
  // If the clock was set back, the server may be asked.
  if (passed < 0s || passed + slack >= interval) return std::nullopt;
  return TooSoon{"min_interval",
                 "not asked for new mail: min_interval has not passed since it was asked last"};
}

bool failed_ones_go_along(const AccountRun& run) {
  if (!is_within_login_delay(run.server, run.environment.now())) return false;
  const auto last = run.store.last_run(run.mailbox);
  return last && last->status == 0;
}

}  // namespace mailhaul::engine
