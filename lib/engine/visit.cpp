// SPDX-License-Identifier: MIT
#include "engine/visit.h"

#include <algorithm>
#include <utility>

#include "net/refusal.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;
using state::LandingState;
using state::Standing;

Visit::Visit(AccountRun& run, net::Stream& stream, pop3::SessionOptions options)
    : run_(run),
      session_(stream, std::move(options)),
      settler_(run.store, run.mailbox, run.environment.now) {}

void Visit::run(std::future<state::MailboxRows> seen) {
  look_around(std::move(seen));
  for (auto& step : steps_) begin_step(step);
  work();
  end();
}

void Visit::look_around(std::future<state::MailboxRows> seen) {
  auto listed = session_.listing();
  if (session_.malformed_lines() != 0) {
    run_.warn(util::counted(session_.malformed_lines(), "line") +
                  " of the server's listing made no sense and stayed out",
              "the messages they stand for stay on the server; tell its operator");
  }
  run_.totals.listed = static_cast<std::uint32_t>(listed.size());
  run_.totals.left = run_.totals.listed;
  UidlIndex index(listed);  // while the rows are still being read
  seen_ = seen.get();
  auto identities = identify(session_, std::move(index), seen_, run_.store, run_.mailbox);
  note_absences(identities);
  const bool by_content = std::ranges::any_of(identities, &Identity::by_content);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const state::RowSummary* row = identities[i].row;
    if (row == nullptr) continue;
    identities[i].this_run = run_.delivered_now.contains(row->id);
    // A row whose message is still to be looked at may be another one's of this listing.
    const bool proven = row->standing != Standing::pending && !row->suspect && row->bytes == listed[i].bytes;
    if (!proven) loose_.insert(row->id);
    if (proven && by_content) claimed_.insert(row->id);  // else only loose rows are ever looked for
  }
  steps_ = plan(std::move(listed), std::move(identities), run_.policy,
                {.now = run_.environment.now(), .messages = run_.totals.fetched, .bytes = run_.totals.bytes});
  std::uint64_t bytes = 0;
  std::uint32_t messages = 0;
  for (const auto& step : steps_) {
    if (step.action != Action::fetch && step.action != Action::verify) continue;
    ++messages;
    bytes += step.message.bytes;
  }
  run_.tell.planned(run_.account.name, messages, bytes);
}

/// Rows whose messages are not listed: perhaps they are, under other UIDLs.
void Visit::note_absences(std::span<const Identity> identities) {
  // Where only contents tell messages apart, nothing can be called absent before all were retrieved.
  if (std::ranges::any_of(identities, &Identity::by_content)) {
    return run_.warn_once(
        "the server has neither UIDL nor TOP: each run retrieves all messages, to tell what is new",
        "nothing is delivered twice; where mail need not stay there, have it removed (--no-leave-on-server)");
  }
  const auto absent = absent_rows(identities, seen_);
  for (const auto id : absent) {
    if (seen_.with_id(id)->standing != Standing::gone) loose_.insert(loose_.end(), id);
  }
  if (session_.malformed_lines() != 0) return;  // they may stand for these very messages
  run_.store.note_absent(run_.mailbox, absent, run_.environment.now());
  for (const auto id : absent) {
    const auto& row = *seen_.with_id(id);
    if (!row.has_landings) continue;
    const std::string name = row.uidl.empty() ? "without a UID" : util::escape_uid(row.uidl);
    for (const auto& landing : run_.store.landings_of(run_.mailbox, id)) abandon(name, landing);
  }
}

void Visit::begin_step(Step& step) {
  // Where the header is all that a message is known by, TOP proves nothing that is not believed already.
  const bool can_look =
      session_.capabilities().top && step.identity.row != nullptr && !step.identity.row->uidl.empty();
  switch (step.action) {
    case Action::fetch:
      tasks_.push_back({&step, false});
      break;
    case Action::remove:
      tasks_.push_back({&step, can_look});
      break;
    case Action::verify:
      tasks_.push_back({&step, can_look && step.identity.row->suspect});
      break;
    case Action::leave:
    case Action::skip:
      stay(step);
      return;
  }
  const Task& task = tasks_.back();
  session_.want({.number = step.message.number, .bytes = step.message.bytes, .header_only = task.look});
}

void Visit::stay(Step& step) {
  if (step.mark_due) {
    if (auto row = store().row(run_.mailbox, step.identity.row->id)) {
      row->due = run_.environment.now();
      settler_.note(std::move(*row));
    }
  }
  if (step.action != Action::skip) return;
  say(step, Action::skip, step.reason);
  if (!step.too_large) return;
  const state::RowSummary* known = step.identity.row;
  const bool told = known != nullptr && known->told;
  const std::string sentence = "message " + uid(step) + " stays on the server: its " +
                               util::format_size(step.message.bytes) + " are more than max_size, " +
                               util::format_size(run_.policy.max_size);
  run_.tell.warned(run_.account.name, {.sentence = sentence,
                                       .hint = "fetch it with --max-size, or delete it there",
                                       .uid = uid(step),
                                       .status = 0,
                                       .quiet_skips_it = told});
  if (told) return;
  state::Row row = row_to_note(step);
  row.told = true;
  settler_.note(std::move(row));
}

/// The pending row of a message that is not delivered, made anew where there is none.
state::Row Visit::row_to_note(const Step& step) {
  if (step.identity.row != nullptr) {
    if (auto row = store().row(run_.mailbox, step.identity.row->id)) return std::move(*row);
  }
  return {.id = store().next_row(run_.mailbox),
          .uidl = step.message.uidl,
          .bytes = step.message.bytes,
          .header = step.identity.header,
          .ordinal = step.identity.ordinal};
}

void Visit::work() {
  while (!tasks_.empty()) {
    if (run_.environment.cancel->requested()) {
      stop_asking();
      give_up_postponed();
      if (tasks_.empty()) break;
    }
    const Task task = tasks_.front();
    tasks_.pop_front();
    receiving_ = task.look ? nullptr : task.step;
    answer(task, session_.next());
    receiving_ = nullptr;
    // What is held stands in the same spool as the batch: both are settled together.
    if (settler_.done()) finish_settling();
    // One on its way to the disk, one on the wire; this one goes on as long as the disk is behind.
    const bool ready = settler_.under_way() ? batch_.overfull() : batch_.full();
    if (held_.empty() && ready) settle_beside();
    if (!held_.empty()) {
      stop_asking();
      if (tasks_.empty()) check_held();
    }
  }
  settle();
}

/// What is not sent yet is not asked for; what is on its way is drained by work().
void Visit::stop_asking() {
  for (auto unsent = session_.withdraw(); unsent > 0; --unsent) {
    postponed_.push_front(tasks_.back());
    tasks_.pop_back();
  }
}

/// They stay on the server; some of them were retrieved, and are not safe here.
void Visit::give_up_postponed() {
  unsettled_retrieval_ = unsettled_retrieval_ || !postponed_.empty();
  postponed_.clear();
}

void Visit::answer(Task task, pop3::Message& message) {
  if (message.refused()) {
    refused(task, *message.refused());
  } else if (task.look) {
    look(task, message);
  } else {
    receive(*task.step, message);
  }
}

void Visit::refused(const Task& task, const std::string& words) {
  if (task.look)
    return ask_again(*task.step);  // no TOP, or none for this one: the whole message tells as well
  const auto meant = net::understand(words, util::Kind::content);
  run_.fail(util::Error(meant.kind,
                        "cannot retrieve message " + uid(*task.step) + ": the server said -ERR " +
                            util::escape(words),
                        meant.hint),
            uid(*task.step));
  put_last(*task.step);
}

void Visit::look(const Task& task, pop3::Message& message) {
  Step& step = *task.step;
  const auto header = header_of(message);
  auto row = store().row(run_.mailbox, step.identity.row->id);
  if (row && row->header == header && row->bytes == step.message.bytes) {
    same(step, std::move(*row));
    return;
  }
  // Another message under a known UIDL, or one whose size moved: only the whole of it can tell.
  step.action = Action::verify;
  ask_again(step);
}

/// For the whole message.
void Visit::ask_again(Step& step) {
  tasks_.push_back({&step, false});
  session_.want({.number = step.message.number, .bytes = step.message.bytes, .header_only = false});
}

void Visit::same(Step& step, state::Row row) {
  const bool changed = row.bytes != step.message.bytes || row.suspect || row.uidl != step.message.uidl ||
                       row.standing == state::Standing::gone;
  row.bytes = step.message.bytes;
  row.suspect = false;
  if (!step.message.uidl.empty()) row.uidl = step.message.uidl;
  if (row.standing == state::Standing::gone)
    row.standing = state::Standing::delivered;  // the server lied: DELE again
  const auto id = row.id;
  claimed_.insert(id);
  const bool ours = row.standing == state::Standing::delivered;
  const bool was_due = step.action == Action::remove;
  if (step.action == Action::verify) say(step, Action::verify, "the message is known; nothing was delivered");
  if (changed) {
    matched_.push_back(id);
    settler_.note(std::move(row));
  }
  if (ours && (was_due || !run_.policy.leave_on_server)) remove(step, id);
}

void Visit::remove(const Step& step, state::RowId row) {
  if (!usable_) return;
  session_.remove(step.message.number);
  removing_[step.message.number] = row;
}

state::Store& Visit::store() const {
  settler_.wait();
  return run_.store;
}

void Visit::settle() {
  finish_settling();
  if (batch_.empty()) return;
  for (const auto& arrived : settler_.settle(take_batch())) conclude(arrived);
  storage_failures_ = 0;
}

void Visit::settle_beside() {
  finish_settling();
  if (tasks_.empty() || !run_.alternate()) return settle();
  settler_.begin(take_batch());
}

void Visit::finish_settling() {
  if (!settler_.under_way()) return;
  for (const auto& arrived : settler_.finish()) conclude(arrived);
  storage_failures_ = 0;
}

std::vector<Arrived> Visit::take_batch() {
  auto messages = batch_.take();
  // What was held back for its size came in last: the order in which they were asked for is that of steps_.
  std::ranges::sort(messages, {}, [&](const Arrived& arrived) { return by_number_.at(arrived.number); });
  return messages;
}

void Visit::conclude(const Arrived& arrived) {
  const Step& step = *by_number_.at(arrived.number);
  std::string why, hint;
  auto kind = util::Kind::temporary;
  const bool stopped = run_.environment.cancel->requested();  // and perhaps a program with us
  for (const auto& copy : arrived.copies) {
    if (copy.outcome.status == delivery::DeliveryStatus::published) continue;
    why += (why.empty() ? "" : "; ") + copy.outcome.sentence;
    if (hint.empty()) hint = copy.outcome.hint;
    const bool no_answer =
        copy.outcome.status == delivery::DeliveryStatus::doubt && !copy.destination->traits().exactly_once();
    if (copy.outcome.status != delivery::DeliveryStatus::later && !(no_answer && stopped))
      kind = util::Kind::storage;
  }
  if (!why.empty()) {
    unsettled_retrieval_ = true;
    run_.fail(util::Error(kind, "message " + uid(step) + " stays on the server: " + why, hint), uid(step));
    if (arrived.row.standing == Standing::pending && !stopped) {
      auto row = arrived.row;
      ++row.failures;  // the next run lets the others go first
      settler_.note(std::move(row));
    }
  }
  if (!arrived.delivered()) return;  // refused, or to be known when its destination is closed
  ++run_.totals.fetched;
  run_.totals.bytes += arrived.bytes;
  run_.delivered_now.insert(arrived.row.id);
  std::string where;
  for (const auto& copy : arrived.copies) where += (where.empty() ? "" : ", ") + copy.destination->target();
  say(step, Action::fetch, step.reason, where);
  if (!run_.policy.leave_on_server) remove(step, arrived.row.id);
}

/// A landing that nothing can complete while its message is not on the server under its name: told once. It
/// is kept: one listing without the message says little.
void Visit::abandon(const std::string& name, const state::Landing& landing) {
  if (landing.state == LandingState::delivered) return;
  const std::string sentence =
      "message " + name + " did not surely reach " + landing.target + ", and is no longer on the server";
  if (run_.first_time(sentence))
    run_.warn(sentence, "look for it there, and in the other places it was to go to", name);
}

void Visit::say(const Step& step, Action action, std::string_view reason, std::string_view deliver) {
  run_.tell.message(run_.account.name, {.number = step.message.number,
                                        .uid = uid(step),
                                        .bytes = step.message.bytes,
                                        .action = action,
                                        .reason = reason,
                                        .deliver = deliver});
}

bool visit(AccountRun& run, net::LoggedIn opened, std::future<state::MailboxRows> seen) {
  const auto& until = run.server.one_by_one_until;
  const bool one_by_one = until && run.environment.now() < *until;
  const auto trace = [&](char direction, std::string_view line) {
    run.tell.traced(run.account.name, direction, line);
  };
  const auto mask = [&](std::string_view words) { return opened.redactor.text(words); };
  Visit visit(run, *opened.stream,
              {.capabilities = std::move(opened.capabilities),
               .may_pipeline = !one_by_one,
               .trace = trace,
               .redact = mask});
  try {
    visit.run(std::move(seen));
  } catch (const util::Error& error) {
    if (visit.give_up(error)) return false;
    throw;
  }
  run.server.border_breaks = 0;
  return true;
}

}  // namespace mailhaul::engine
