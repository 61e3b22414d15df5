// SPDX-License-Identifier: MIT
// Visit's last part: S5 to S7 where all went well, and what is settled where it did not.
#include <algorithm>
#include <utility>

#include "engine/visit.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::engine {

using state::Standing;

void Visit::close_destinations() {
  const auto handed = run_.account.removal_demanded ? Standing::delivered : Standing::seen;
  for (const auto& arrived : settler_.close(run_.destinations, handed)) conclude(arrived);
  settler_.flush();  // S5
}

void Visit::end() {
  close_destinations();  // S5, durable before QUIT
  const bool piped_only = !run_.account.removal_demanded && accepted_ != 0 &&
                          std::ranges::any_of(run_.destinations, [](const auto& place) {
                            return place->traits().settled_by_close();
                          });
  if (session_.capabilities().expire_days == 0 && (unsettled_retrieval_ || piped_only)) {
    run_.warn(
        "the session was closed without QUIT: the server removes what was retrieved (EXPIRE 0), and not all "
        "of it is safe here",
        piped_only ? "say -K if what was piped may be removed" : "the next run fetches what is missing");
    return;
  }
  // Of an earlier run's deliveries, too: its last COMMIT may not be durable, if a kill overtook it.
  if (!removing_.empty()) run_.store.flush(run_.mailbox);
  ending_ = true;
  auto removal = session_.finish(true);  // S6
  std::ranges::sort(removal.accepted);
  if (!removal.refused.empty()) {
    const auto& [number, words] = removal.refused.front();
    run_.warn_once("the server refused to remove " + util::counted(removal.refused.size(), "message") +
                       ", the first with -ERR " + words,
                   "what is delivered will not be fetched again; the next run asks for its removal once more",
                   "DELE refused");
  }
  if (!removal.committed) {
    if (removal.accepted.empty()) return;
    throw util::Error(
        util::Kind::temporary,
        "the server did not confirm the removal of " + util::counted(removal.accepted.size(), "message") +
            "; to QUIT: " + util::escape(removal.quit_answer),
        "what is delivered will not be fetched again; the next run asks for its removal once more");
  }
  state::Change change;
  for (const auto number : removal.accepted) {  // S7
    change.removed.push_back({.row = removing_.at(number), .when = run_.environment.now()});
    ++run_.totals.removed;
    --run_.totals.left;
  }
  if (change.empty()) return;
  run_.store.commit(run_.mailbox, change);
  for (const auto& step : steps_) {
    if (!std::ranges::binary_search(removal.accepted, step.message.number)) continue;
    say(step, Action::remove, step.action == Action::remove ? step.reason : "delivered");
  }
}

bool Visit::give_up(const util::Error& error) {
  usable_ = false;
  const auto& doubt = session_.doubt();
  const bool in_order = ending_ || (!doubt.malformed_status && !doubt.at_border && !broken_);
  const bool sizes_right = held_.empty() && sizes_confirmed_ == 0;
  Settler::discard(held_);
  std::optional<util::Error> unsettled;  // of the batch under way; the doubt has to be on record all the same
  try {
    finish_settling();
  } catch (const util::Error& failure) {
    unsettled = failure;
  }
  if (!settler_.failed() && (!session_.pipelining() || (in_order && sizes_right))) {
    settle();  // every body that is whole came under its own name: one by one, or each had the announced size
  } else {
    auto messages = batch_.take();
    Settler::discard(messages);
  }
  if (session_.pipelining())
    mark_suspect();  // an answer may have been skipped, between two messages of one size even
  if (unsettled) throw util::Error(*unsettled);
  // The connection ended while it was being retrieved.
  if (receiving_ != nullptr && error.kind() == util::Kind::temporary) put_last(*receiving_);
  close_destinations();
  if (!session_.pipelining() || error.kind() == util::Kind::cancelled) return false;
  auto& server = run_.server;
  const bool at_border = doubt.at_border && doubt.pipelined && !ending_;
  if (at_border) ++server.border_breaks;
  if (doubt.malformed_status || broken_ || server.border_breaks >= 2) {
    server.one_by_one_until = run_.environment.now() + std::chrono::days(7);
    server.border_breaks = 0;
    run_.warn_once(
        "the server announces PIPELINING and breaks it: for 7 days its messages are asked for one by one",
        "tell its operator; nothing is lost, it is only slower");
    return true;
  }
  return at_border;
}

/// It failed: the next session lets the others go first.
void Visit::put_last(const Step& step) {
  const state::RowSummary* known = step.identity.row;
  if (step.identity.by_content) return;
  if (known != nullptr && known->standing != Standing::pending) return;
  if (!failed_.insert(step.message.number).second) return;  // one row for each
  state::Row row = row_to_note(step);
  ++row.failures;
  settler_.note(std::move(row));
}

/// The next session looks at each of these by TOP before it believes them (LAW section 2).
void Visit::mark_suspect() {
  settler_.flush();  // the rows are to be read as delivered
  state::Change change;
  auto ids = settler_.delivered_rows();
  ids.insert(ids.end(), matched_.begin(), matched_.end());
  for (const auto id : ids) {
    auto row = run_.store.row(run_.mailbox, id);
    if (!row) continue;
    row->suspect = true;
    change.rows.push_back(std::move(*row));
  }
  run_.store.commit(run_.mailbox, change);
}

}  // namespace mailhaul::engine
