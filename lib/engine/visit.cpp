// SPDX-License-Identifier: MIT
#include "engine/visit.h"

#include <algorithm>
#include <utility>

#include "net/response.h"
#include "util/text.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;
using state::LandingState;
using state::Standing;

Visit::Visit(Errand& errand, net::Stream& stream, pop3::SessionOptions options)
    : errand_(errand),
      session_(stream, std::move(options)),
      settler_(errand.store, errand.mailbox, errand.world.now) {}

void Visit::run() {
  look_around();
  for (auto& step : steps_) begin_step(step);
  work();
  end();
}

void Visit::look_around() {
  auto listed = session_.listing();
  if (session_.malformed_lines() != 0) {
    errand_.warn(std::to_string(session_.malformed_lines()) +
                     " lines of the server's listing make no sense and were left out",
                 "the messages they stand for stay on the server; tell its operator");
  }
  errand_.totals.listed = static_cast<std::uint32_t>(listed.size());
  errand_.totals.left = errand_.totals.listed;
  seen_ = errand_.store.seen(errand_.mailbox);
  auto identities = identify(session_, listed, seen_, errand_.store, errand_.mailbox);
  // Where only contents tell messages apart, nothing can be called absent before all were retrieved.
  if (std::ranges::none_of(identities, &Identity::by_content)) {
    const auto absent = absent_rows(identities, seen_);
    errand_.store.note_absent(errand_.mailbox, absent, errand_.world.now());
    for (const auto id : absent) note_absence(*seen_.with_id(id));
  }
  for (auto& identity : identities) {
    if (identity.row == nullptr) continue;
    claimed_.insert(identity.row->id);
    identity.this_run = errand_.delivered_now.contains(identity.row->id);
  }
  steps_ =
      plan(std::move(listed), std::move(identities), errand_.policy,
           {.now = errand_.world.now(), .messages = errand_.totals.fetched, .bytes = errand_.totals.bytes});
  std::uint64_t bytes = 0;
  std::uint32_t messages = 0;
  for (const auto& step : steps_) {
    if (step.action != Action::fetch && step.action != Action::verify) continue;
    ++messages;
    bytes += step.message.bytes;
  }
  errand_.tell.planned(errand_.account.name, messages, bytes);
}

/// A row whose message is not listed: perhaps it is, under another UIDL; what of its delivery is open stays
/// so.
void Visit::note_absence(const state::SeenRow& row) {
  if (row.standing == Standing::delivered || row.standing == Standing::pending) absent_.insert(row.id);
  if (!row.has_landings) return;
  const std::string name = row.uidl.empty() ? "without a UID" : util::escape_uid(row.uidl);
  for (const auto& landing : errand_.store.landings_of(errand_.mailbox, row.id)) abandon(name, landing);
  settler_.drop_landings(row.id);
}

void Visit::begin_step(Step& step) {
  const bool can_look = session_.capabilities().top && step.identity.row != nullptr;
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
    if (auto row = errand_.store.row(errand_.mailbox, step.identity.row->id)) {
      row->due = errand_.world.now();
      settler_.note(std::move(*row));
    }
  }
  if (step.action != Action::skip) return;
  say(step, "skip", step.reason);
  if (!step.too_large) return;
  const state::SeenRow* known = step.identity.row;
  const bool told = known != nullptr && known->told;
  const std::string sentence = "message " + uid(step) + " stays on the server: its " +
                               util::format_size(step.message.bytes) + " are more than max_size, " +
                               util::format_size(errand_.policy.max_size);
  errand_.tell.warned(errand_.account.name, {.sentence = sentence,
                                             .hint = "fetch it with --max-size, or delete it there",
                                             .uid = uid(step),
                                             .status = 0,
                                             .standing = told});
  if (told) return;
  state::Row row = row_to_note(step);
  row.told = true;
  settler_.note(std::move(row));
}

/// The pending row of a message that is not delivered, made anew where there is none.
state::Row Visit::row_to_note(const Step& step) {
  if (step.identity.row != nullptr) {
    if (auto row = errand_.store.row(errand_.mailbox, step.identity.row->id)) return std::move(*row);
  }
  return {.id = errand_.store.next_row(errand_.mailbox),
          .uidl = step.message.uidl,
          .bytes = step.message.bytes,
          .header = step.identity.header,
          .ordinal = step.identity.ordinal};
}

void Visit::work() {
  while (!tasks_.empty()) {
    if (errand_.world.cancel->requested()) {
      stop_asking();
      postponed_.clear();
      if (tasks_.empty()) break;
    }
    const Task task = tasks_.front();
    tasks_.pop_front();
    receiving_ = task.look ? nullptr : task.step;
    answer(task, session_.next());
    receiving_ = nullptr;
    // What is held stands in the same spool as the batch: both are settled together.
    if (held_.empty() && batch_.full()) settle();
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
  if (task.look) {  // no TOP, or none for this one: the whole message tells as well
    tasks_.push_back({task.step, false});
    session_.want(
        {.number = task.step->message.number, .bytes = task.step->message.bytes, .header_only = false});
    return;
  }
  const auto kind = net::kind_of_refusal(words, util::Kind::content);
  errand_.fail(util::Error(kind,
                           "cannot retrieve message " + uid(*task.step) + ": the server said -ERR " +
                               util::escape(words),
                           net::hint_for_refusal(words, kind)),
               uid(*task.step));
}

void Visit::look(const Task& task, pop3::Message& message) {
  Step& step = *task.step;
  const auto header = header_of(message);
  auto row = errand_.store.row(errand_.mailbox, step.identity.row->id);
  if (row && row->header == header && row->bytes == step.message.bytes) {
    same(step, std::move(*row));
    return;
  }
  // Another message under a known UIDL, or one whose size moved: only the whole of it can tell.
  step.action = Action::verify;
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
  const bool ours = row.standing == state::Standing::delivered;
  const bool was_due = step.action == Action::remove;
  if (step.action == Action::verify) say(step, "verify", "the message is known; nothing was delivered");
  if (changed) settler_.note(std::move(row));
  if (ours && (was_due || !errand_.policy.leave_on_server)) remove(step, id);
}

void Visit::remove(const Step& step, state::RowId row) {
  if (!usable_) return;
  session_.remove(step.message.number);
  removing_[step.message.number] = row;
}

void Visit::settle() {
  if (batch_.empty()) return;
  for (const auto& arrived : settler_.settle(batch_.take())) conclude(arrived);
  storage_failures_ = 0;
}

void Visit::conclude(const Arrived& arrived) {
  const Step& step = *by_number_.at(arrived.number);
  std::string why, hint;
  auto kind = util::Kind::temporary;
  for (const auto& copy : arrived.copies) {
    if (copy.outcome.fate == delivery::Fate::published) continue;
    why += (why.empty() ? "" : "; ") + copy.outcome.sentence;
    if (hint.empty()) hint = copy.outcome.hint;
    if (copy.outcome.fate != delivery::Fate::later) kind = util::Kind::storage;
  }
  if (!why.empty()) {
    unsettled_retrieval_ = true;
    errand_.fail(util::Error(kind, "message " + uid(step) + " stays on the server: " + why, hint), uid(step));
  }
  if (!arrived.delivered()) return;  // refused, or to be known when its destination is closed
  ++errand_.totals.fetched;
  errand_.totals.bytes += arrived.bytes;
  errand_.delivered_now.insert(arrived.row.id);
  std::string where;
  for (const auto& copy : arrived.copies) where += (where.empty() ? "" : ", ") + copy.destination->target();
  say(step, "fetch", step.reason, where);
  if (!errand_.policy.leave_on_server) remove(step, arrived.row.id);
}

/// A landing that nothing can complete any more, since its message is not on the server under its name.
void Visit::abandon(const std::string& name, const state::Landing& landing) {
  if (landing.state == LandingState::delivered) return;
  errand_.warn(
      "message " + name + " did not surely reach " + landing.target + ", and is no longer on the server",
      "look for it there, and in the other places it was to go to", name);
}

void Visit::close_destinations() {
  const auto handed = errand_.account.removal_demanded ? Standing::delivered : Standing::seen;
  for (const auto& arrived : settler_.close(errand_.destinations, handed)) conclude(arrived);
  settler_.flush();  // S5
}

void Visit::end() {
  close_destinations();  // S5, durable before QUIT
  if (session_.capabilities().expire_days == 0 && unsettled_retrieval_) {
    errand_.warn(
        "the session was closed without QUIT: the server removes what was retrieved (EXPIRE 0), and not all "
        "of it is safe here",
        "");
    return;
  }
  // What an earlier run delivered, too: it may have been killed before that COMMIT was flushed.
  if (!removing_.empty()) errand_.store.flush(errand_.mailbox);
  ending_ = true;
  auto removal = session_.finish(true);  // S6
  std::ranges::sort(removal.accepted);
  if (!removal.refused.empty()) {
    const auto& [number, words] = removal.refused.front();
    errand_.warn_once(
        "the server refused to remove " + std::to_string(removal.refused.size()) +
            " messages, the first with -ERR " + words,
        "they are delivered and will not be fetched again; the next run asks for their removal once more");
  }
  if (!removal.committed) {
    if (removal.accepted.empty()) return;
    throw util::Error(
        util::Kind::temporary,
        "the server did not confirm the removal of " + std::to_string(removal.accepted.size()) +
            " messages; to QUIT: " + util::escape(removal.quit_answer),
        "they are delivered and will not be fetched again; the next run asks for their removal once more");
  }
  state::Change change;
  for (const auto number : removal.accepted) {  // S7
    auto row = errand_.store.row(errand_.mailbox, removing_.at(number));
    if (!row) continue;
    row->standing = state::Standing::gone;
    row->gone = errand_.world.now();
    change.rows.push_back(std::move(*row));
    ++errand_.totals.removed;
    --errand_.totals.left;
  }
  errand_.store.commit(errand_.mailbox, change);
  for (const auto& step : steps_) {
    if (std::ranges::binary_search(removal.accepted, step.message.number)) say(step, "remove", step.reason);
  }
}

void Visit::say(const Step& step, std::string_view action, std::string_view reason,
                std::string_view deliver) {
  errand_.tell.message(errand_.account.name, {.number = step.message.number,
                                              .uid = uid(step),
                                              .bytes = step.message.bytes,
                                              .action = action,
                                              .reason = reason,
                                              .deliver = deliver});
}

bool Visit::give_up(const util::Error& error) {
  usable_ = false;
  const auto& doubt = session_.doubt();
  const bool in_order = ending_ || (!doubt.malformed_status && !doubt.at_border && !broken_);
  const bool sizes_right = held_.empty() && sizes_confirmed_ == 0;
  Settler::discard(held_);
  if (!session_.pipelining() || (in_order && sizes_right)) {
    settle();  // every body that is whole came under its own name: one by one, or each had the announced size
  } else {
    auto messages = batch_.take();
    Settler::discard(messages);
  }
  if (session_.pipelining())
    mark_suspect();  // an answer may have been skipped, between two messages of one size even
  if (receiving_ != nullptr && error.kind() == util::Kind::temporary) note_breaker(*receiving_);
  close_destinations();
  if (!session_.pipelining() || error.kind() == util::Kind::cancelled) return false;
  auto& server = errand_.server;
  const bool at_border = doubt.at_border && doubt.pipelined && !ending_;
  if (at_border) ++server.border_breaks;
  if (doubt.malformed_status || broken_ || server.border_breaks >= 2) {
    server.one_by_one_until = errand_.world.now() + std::chrono::days(7);
    server.border_breaks = 0;
    errand_.warn_once(
        "the server announces PIPELINING and breaks it: for 7 days its messages are asked for one by one",
        "tell its operator; nothing is lost, it is only slower");
    return true;
  }
  return at_border;
}

/// The connection ended while this message was being retrieved: the next session fetches it last.
void Visit::note_breaker(const Step& step) {
  const state::SeenRow* known = step.identity.row;
  if (step.identity.by_content || (known != nullptr && known->standing != Standing::pending)) return;
  state::Row row = row_to_note(step);
  row.suspect = true;
  settler_.note(std::move(row));
}

/// The next session looks at each of these by TOP before it believes them (LAW section 2).
void Visit::mark_suspect() {
  settler_.flush();  // the rows are to be read as delivered
  state::Change change;
  for (const auto id : settler_.delivered_rows()) {
    auto row = errand_.store.row(errand_.mailbox, id);
    if (!row) continue;
    row->suspect = true;
    change.rows.push_back(std::move(*row));
  }
  errand_.store.commit(errand_.mailbox, change);
}

bool visit(Errand& errand, net::Opened opened) {
  const auto& until = errand.server.one_by_one_until;
  const bool one_by_one = until && errand.world.now() < *until;
  const auto trace = [&](char direction, std::string_view line) {
    errand.tell.traced(errand.account.name, direction, line);
  };
  Visit visit(errand, *opened.stream,
              {.capabilities = std::move(opened.capabilities), .may_pipeline = !one_by_one, .trace = trace});
  try {
    visit.run();
  } catch (const util::Error& error) {
    if (visit.give_up(error)) return false;
    throw;
  }
  errand.server.border_breaks = 0;
  return true;
}

}  // namespace mailhaul::engine
