// SPDX-License-Identifier: MIT
#include "engine/plan.h"

#include <algorithm>
#include <utility>

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

/// Whether the message was delivered or marked before, so that fetch_all requests it again.
bool is_repeated(const Step& step) {
  const state::RowSummary* row = step.identity.row;
  return row != nullptr && row->standing != state::Standing::pending;
}

bool over_size(const Step& step, const account::Policy& policy) {
  return policy.max_size != 0 && step.known_bytes() > policy.max_size;
}

/// Decides about a message that is not delivered yet, or only in part.
void decide_new(Step& step, const account::Policy& policy) {
  if (over_size(step, policy)) {
    step.action = Action::skip;
    step.reason = "larger than max_size";
    step.too_large = true;
  } else if (step.identity.by_content) {
    step.action = Action::verify;
    step.reason = "neither UIDL nor TOP identifies it: its content decides";
  } else if (policy.max_size != 0 && step.identity.received_bytes > policy.max_size) {
    step.action = Action::verify;
    step.reason =
        "it was larger than max_size, although LIST announced less; its announced size has changed since";
  } else {
    step.action = Action::fetch;
    const bool begun = step.identity.row != nullptr && step.identity.row->has_landings;
    step.reason = begun                 ? "delivery not complete yet"
                  : step.failures() > 0 ? "new; it failed before, and is tried last"
                                        : "new";
  }
}

/// With delete_after, one run marks the message, and a later one removes it, at least an hour after that, so
/// that a clock that was set forward empties no mailbox (LAW section 7).
void decide_due(Step& step, std::chrono::seconds delete_after, state::Time now) {
  const state::RowSummary& row = *step.identity.row;
  if (!row.delivered || now - *row.delivered < delete_after) {
    step.reason = "delivered; delete_after has not passed yet";
  } else if (!row.due) {
    step.reason = "delivered; delete_after has passed: to be removed by a run at least an hour from now";
    step.mark_due = true;
  } else if (now - *row.due < 1h) {
    step.reason = "delivered; marked for removal less than an hour ago: a later run removes it";
  } else {
    step.action = Action::remove;
    step.reason = "delivered, and delete_after has passed";
  }
}

/// A UID that is known, but with another size: it may belong to another message by now.
void decide_other_size(Step& step, const account::Policy& policy) {
  step.too_large = over_size(step, policy);
  step.action = step.too_large ? Action::skip : Action::verify;
  step.reason = step.too_large ? "its size has changed, and is larger than max_size"
                               : "delivered, but its size has changed";
}

void decide_delivered(Step& step, const account::Policy& policy, state::Time now) {
  const state::RowSummary& row = *step.identity.row;
  if (row.bytes == 0 && step.message.bytes != 0) {
    step.is_unsized = true;
    step.reason = "imported as delivered";
  } else if (row.bytes != step.message.bytes) {
    decide_other_size(step, policy);
  } else if (!policy.leave_on_server) {
    step.action = Action::remove;
    step.reason = "delivered before";
  } else if (policy.delete_after) {
    decide_due(step, *policy.delete_after, now);
  } else {
    step.reason = "delivered; leave_on_server";
  }
}

/// Another message may have the UID by now. For a message that was only marked, the header is enough to
/// decide.
void decide_seen(Step& step, const account::Policy& policy) {
  const state::RowSummary& row = *step.identity.row;
  const bool same_size = row.bytes == step.message.bytes;
  if (row.delivered && !same_size) return decide_other_size(step, policy);
  step.reason = row.delivered ? "handed to standard output" : "marked as seen";
  if (same_size || row.bytes == 0) return;
  step.action = Action::verify;
  step.reason = "marked as seen, but its size has changed";
}

void decide(Step& step, const account::Policy& policy, state::Time now) {
  const state::RowSummary* row = step.identity.row;
  if (row == nullptr || row->standing == state::Standing::pending) {
    decide_new(step, policy);
  } else if (policy.fetch_all && !step.identity.this_run) {
    decide_new(step, policy);
    if (step.action == Action::fetch) step.reason = "fetched or marked before; requested again (fetch_all)";
  } else if (row->suspect && row->standing != state::Standing::gone) {
    step.action = Action::verify;
    step.reason = "known, but its session ended in doubt, or it was missing from a listing";
  } else if (row->standing == state::Standing::seen) {
    decide_seen(step, policy);
  } else if (row->standing == state::Standing::gone && row->bytes != step.message.bytes &&
             over_size(step, policy)) {
    step.action = Action::skip;
    step.reason = "listed again after its removal, its size has changed, and is larger than max_size";
    step.too_large = true;
  } else if (row->standing == state::Standing::gone) {
    step.action = Action::verify;
    step.reason = "listed again after its removal was confirmed";
  } else {
    decide_delivered(step, policy, now);
  }
}

/// The limits of a run count what is retrieved to be delivered. A message that is read again to be compared
/// is rarely delivered.
void apply(Budget& budget, Step& step) {
  if (step.action != Action::fetch || budget.take(step.message.bytes)) return;
  step.action = Action::skip;
  step.reason =
      budget.messages_used_up() ? "exceeds max_messages of this run" : "exceeds max_bytes of this run";
}

}  // namespace

std::uint64_t Step::known_bytes() const {
  // A header that TOP has just shown identifies the message under another announced size, too.
  const bool same_as_then =
      identity.row != nullptr && (identity.row->bytes == message.bytes || identity.header);
  return same_as_then ? std::max(message.bytes, identity.received_bytes) : message.bytes;
}

std::uint32_t Step::failures() const { return identity.row == nullptr ? 0 : identity.row->failures; }

Budget::Budget(const account::Policy& policy, const RunSoFar& so_far)
    : most_messages_(policy.max_messages),
      most_bytes_(policy.max_bytes),
      messages_(so_far.messages),
      bytes_(so_far.bytes) {}

bool Budget::take(std::uint64_t bytes) {
  // The first message is always let through: otherwise one larger than the limit would never arrive.
  const bool too_many_bytes = most_bytes_ != 0 && messages_ != 0 && bytes_ + bytes > most_bytes_;
  if (messages_used_up() || too_many_bytes) return false;
  ++messages_;
  bytes_ += bytes;
  return true;
}

bool Budget::messages_used_up() const { return most_messages_ != 0 && messages_ >= most_messages_; }

Plan plan(std::vector<pop3::Listed> listed, std::vector<Identity> identities, const account::Policy& policy,
          const RunSoFar& so_far) {
  Plan plan{.steps = {}, .budget = Budget(policy, so_far)};
  auto& steps = plan.steps;
  const auto unknown = std::ranges::count(identities, nullptr, &Identity::row);
  steps.reserve(so_far.steps == Steps::all ? listed.size() : static_cast<std::size_t>(unknown));
  for (std::size_t i = 0; i < listed.size(); ++i) {
    Step step{.message = std::move(listed[i]), .identity = std::move(identities[i]), .reason = {}};
    decide(step, policy, so_far.now);
    if (step.action == Action::fetch && so_far.is_wanted && !so_far.is_wanted(step)) {
      step.action = Action::skip;
      step.reason = "its destination refuses everything";
      step.is_unwanted = true;
    }
    if (step.has_work() || so_far.steps == Steps::all) steps.push_back(std::move(step));
  }
  if (policy.order == account::Order::newest) std::ranges::reverse(steps);
  // Only those that failed are sorted: there are few of them, and there may be 100,000 others.
  const auto failed = std::stable_partition(steps.begin(), steps.end(),
                                            [](const Step& step) { return step.failures() == 0; });
  std::ranges::stable_sort(failed, steps.end(), {}, &Step::failures);
  plan.failed_from = static_cast<std::size_t>(failed - steps.begin());
  for (auto& step : steps) apply(plan.budget, step);
  if (so_far.steps == Steps::unfinished) {
    const auto to_fetch = std::stable_partition(steps.begin(), failed, [](const Step& step) {
      return step.action != Action::fetch || is_repeated(step);
    });
    plan.not_done_from = static_cast<std::size_t>(to_fetch - steps.begin());
  }
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].index = i;
  return plan;
}

void count_waiting(std::span<const pop3::Listed> listed, report::Totals& totals) {
  totals.waiting = static_cast<std::uint32_t>(listed.size());
  totals.waiting_bytes = 0;
  for (const auto& message : listed) totals.waiting_bytes += message.bytes;
}

void count_waiting(const Plan& plan, report::Totals& totals) {
  totals.waiting = totals.over_limit = totals.too_large = 0;
  totals.waiting_bytes = 0;
  for (const auto& step : plan.steps) {
    if (step.action != Action::fetch && step.action != Action::skip) continue;
    ++totals.waiting;
    totals.waiting_bytes += step.message.bytes;
    if (step.action == Action::fetch) continue;
    if (step.is_unwanted) continue;
    ++(step.too_large ? totals.too_large : totals.over_limit);
    if (!step.too_large) totals.limit = plan.budget.messages_used_up() ? "max_messages" : "max_bytes";
  }
}

}  // namespace mailhaul::engine
