// SPDX-License-Identifier: MIT
#include "engine/last_run.h"

#include <utility>

#include "engine/login.h"

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

void note_last_run(AccountRun& run, AccountOutcome& outcome, state::Time begun) {
  auto before = run.store.last_run(run.mailbox).value_or(state::LastRun());
  auto last = last_run_after(before, outcome, run.environment.now());
  last.asked = begun;
  last.refusing = run.refusing.text();
  if (last.error.empty() && last.status != 0) last.error = run.notices.last_failure();
  if (before.failing_since.has_value() != last.failing_since.has_value()) {
    outcome.trouble = last.failing_since ? TroubleChange::begins : TroubleChange::ends;
    outcome.trouble_error = last.failing_since ? last.error : before.error;
  }
  if (before != last) run.store.note_run(run.mailbox, last);
}

std::string_view too_soon(const AccountRun& run) {
  using namespace std::chrono_literals;
  constexpr auto slack = 2s;  // timers and this clock are not quite in step
  const auto now = run.environment.now();
  if (is_within_login_delay(run.server, now + slack))
    return "not asked for new mail: the server wants more time between two logins (LOGIN-DELAY)";
  const auto interval = run.account.policy.min_interval;
  if (interval <= 0s) return {};
  const auto last = run.store.last_run(run.mailbox);
  if (!last || !last->asked) return {};
  const auto passed = now - *last->asked;
  const bool forbidden =
      passed >= 0s && passed + slack < interval;  // a clock that was set back forbids nothing
  return forbidden ? "not asked for new mail: min_interval has not passed since it was asked last" : "";
}

}  // namespace mailhaul::engine
