// SPDX-License-Identifier: MIT
#include "engine/answers.h"

#include <algorithm>
#include <utility>

#include "engine/login.h"
#include "engine/stand_in.h"
#include "net/refusal.h"
#include "util/shell.h"

namespace mailhaul::engine {

using state::Standing;

namespace {

/// What the user can do about a refused message: `hint`, and after three failures a command as well.
std::string hint_for_refused(const std::string& hint, const Step& step, const std::string& account,
                             const std::string& uid) {
  constexpr std::uint32_t many = 3;
  const auto* row = step.identity.row;
  if (row == nullptr || row->failures < many) return hint;
  return hint + "; mailhaul state mark-seen " + account + " " + util::shell_word(uid) +
         " leaves it alone from now on";
}

}  // namespace

void Answers::take(const Request& request, pop3::Message& message) {
  if (request.ask == Ask::proof) return;
  if (message.refused()) return take_refusal(request, *message.refused());
  if (request.ask == Ask::header) return take_header(request, message);
  take_whole(request, message);
}

void Answers::take_refusal(const Request& request, const std::string& words) {
  const Step& step = *request.step;
  const auto meant = net::understand(words, util::Kind::temporary);
  if (request.ask == Ask::header && meant.reason != net::Reason::limit) {
    // If the server has no TOP, or refuses it for this message, the whole message decides. A message that is
    // recorded without a size stays known by its UID.
    if (!step.is_unsized) parts_.requests.add({&step, Ask::whole, request.action});
    return;
  }
  switch (refusals_.add(words, meant.reason)) {
    case RefusalEffect::gone:
      return take_gone(step, words, meant);
    case RefusalEffect::this_message:
      return cannot_retrieve(step, words, meant);
    case RefusalEffect::stop_asking:
      return stop_asking(step, words, meant);
    case RefusalEffect::told:
      return;
  }
}

void Answers::cannot_retrieve(const Step& step, const std::string& words, const net::Refusal& meant) {
  const auto uid = parts_.notes.uid(step);
  const auto hint =
      hint_for_refused("it stays on the server; the next runs ask for it again, after the others", step,
                       parts_.run.account.name, uid);
  parts_.notes.failed(
      step, util::Error(meant.kind, "cannot retrieve message " + uid + ": the server said -ERR " + words,
                        meant.hint.empty() ? hint : meant.hint));
}

/// The first time, this is no failure; but the message comes last, so that it never holds up the others.
void Answers::take_gone(const Step& step, const std::string& words, const net::Refusal& meant) {
  const auto* row = parts_.matcher.row_of(step);
  if (row != nullptr && row->failures > 0) return cannot_retrieve(step, words, meant);
  parts_.notes.tell(step, Action::skip, "it is no longer on the server");
  parts_.notes.comes_last(step);
}

/// The limit may be about this message alone, so the next run asks for the others first.
void Answers::stop_asking(const Step& step, const std::string& words, const net::Refusal& meant) {
  note_limit(parts_.run.account, parts_.run.environment, parts_.run.server, meant);
  const auto uid = parts_.notes.uid(step);
  const std::string hint =
      meant.reason == net::Reason::limit
          ? meant.hint + "; message " + uid + " comes last from now on"
          : "the server refused several messages in a row in these words; the next run asks again";
  parts_.notes.failed(
      step, util::Error(util::Kind::temporary,
                        "cannot read message " + uid +
                            ", and no more are requested in this session: the server said -ERR " + words,
                        hint_for_refused(hint, step, parts_.run.account.name, uid)));
  drop_requests();
}

void Answers::take_header(const Request& request, pop3::Message& message) {
  const Step& step = *request.step;
  const auto top = top_of(message);
  const auto header = top ? std::optional(top->header) : std::nullopt;
  if (header) keep_if_replaced(step, *header);
  if (step.is_unsized && parts_.matcher.note_size_and_header(step, header)) return;
  if (auto row = parts_.matcher.row_by_header(step, top)) {
    if (row->standing == Standing::pending) return too_large(step, row->received_bytes, header);
    // LAW 2: a message that is to be removed must also have the size of its row, or it is read whole.
    const bool removes = row->standing == Standing::delivered && !parts_.run.policy.leave_on_server;
    if (!removes || row->bytes == step.message.bytes) return confirm(request, std::move(*row), std::nullopt);
  }
  // Either another message may have this UIDL now, or its size has changed: only the whole message can
  // decide.
  const bool removes = request.action == Action::remove && parts_.matcher.knows_content(step);
  parts_.requests.add({&step, Ask::whole, removes ? Action::remove : Action::verify});
}

void Answers::take_whole(const Request& request, pop3::Message& message) {
  const Step& step = *request.step;
  refusals_.reset();
  auto incoming = receiver_.read(step, message);
  if (incoming.failure) return not_stored(step, incoming.octets, *incoming.failure);
  if (receiver_.is_incomplete(step, incoming)) return parts_.removals.retrieved_but_unsafe();
  keep_if_replaced(step, incoming.hashes.header);
  auto match = parts_.matcher.match(step, incoming.hashes);
  // The copies that were begun have the id of the message that had this UIDL before.
  const bool of_another =
      match.uid_reused && std::ranges::any_of(incoming.copies, &IncomingMessage::Copy::may_be_repeated);
  if (match.read_again || of_another) return parts_.requests.add({&step, Ask::whole, request.action});
  const auto& run = parts_.run;
  const bool undelivered = !match.row || match.row->standing == Standing::pending;
  const bool asked_again = run.policy.fetch_all && match.row && !run.delivered_now.contains(match.row->id);
  const bool planned = request.action == Action::fetch && match.by == KnownBy::uid;
  if (undelivered || asked_again || planned) {
    if (incoming.too_large) {
      parts_.matcher.release(match);
      parts_.removals.retrieved_but_unsafe();
      return too_large(step, incoming.octets, incoming.hashes.header);
    }
    return accept(request, std::move(incoming), match);
  }
  const bool by_uid = match.by == KnownBy::uid;
  confirm({&step, request.ask, by_uid ? request.action : Action::verify}, std::move(*match.row),
          incoming.hashes);
}

void Answers::accept(const Request& request, IncomingMessage incoming, const Match& match) {
  const Step& step = *request.step;
  const bool came_before = match.row && match.row->content == incoming.hashes.content;
  const bool doubtful = !came_before && parts_.unproven.doubts(incoming, step.message.bytes);
  if (doubtful && parts_.unproven.full()) {
    parts_.matcher.release(match);
    return parts_.requests.postpone(request);
  }
  if (request.action != Action::fetch && !budget_.take(incoming.octets)) return over_limit(step, match);
  ReceivedMessage message{
      .step = &step,
      .reason = match.uid_reused ? "new: its UID used to belong to another message" : step.reason,
      .row = parts_.matcher.updated(step, incoming.hashes, match),
      .title = std::move(incoming.title),
      .octets = incoming.octets,
      .copies = {}};
  if (match.row) message.partly_delivered = receiver_.drop_delivered_copies(step, incoming, message.row);
  parts_.unproven.set_latest({std::move(message), std::move(incoming), doubtful});
}

/// If what arrived is a notice of the server: keeps the message itself, which is only on the server.
void Answers::keep_if_replaced(const Step& step, const util::Hash& header) {
  if (!stands_in_for_another(header)) return;
  parts_.removals.keep(step.message.number);
  const std::string name = parts_.notes.uid(step);
  parts_.run.notices.warn_once(
      "the server sends a notice in place of message " + name + "; the message itself stays on the server",
      "the notice contains it as an attachment; the server sends the message itself once it offers UTF8 "
      "(RFC 6856)",
      "notice in place of " + name);
}

/// Stops at max_messages or max_bytes; a later run fetches the rest. What the plan counted is still fetched.
void Answers::over_limit(const Step& step, const Match& match) {
  parts_.matcher.release(match);
  parts_.removals.retrieved_but_unsafe();
  if (step.identity.by_content) return drop_requests();
  const auto others = parts_.requests.drop_relisted();
  auto& totals = parts_.run.totals;
  totals.waiting += 1 + others.messages;
  totals.over_limit += 1 + others.messages;
  totals.waiting_bytes += step.message.bytes + others.bytes;
  totals.limit = budget_.messages_used_up() ? "max_messages" : "max_bytes";
}

/// Some of the dropped requests may be for messages that were already retrieved once.
void Answers::drop_requests() {
  parts_.requests.hold_back();
  if (parts_.requests.drop_postponed()) parts_.removals.retrieved_but_unsafe();
}

/// Leaves a message on the server that is larger than max_size, though LIST announced it smaller.
void Answers::too_large(const Step& step, std::uint64_t octets, const std::optional<util::Hash>& header) {
  auto& totals = parts_.run.totals;
  ++totals.too_large;
  if (step.action != Action::fetch) {  // the plan did not count it among those that wait
    ++totals.waiting;
    totals.waiting_bytes += step.message.bytes;
  }
  parts_.notes.tell(step, Action::skip, "larger than max_size, although LIST announced less");
  parts_.notes.too_large(step, octets, header);
}

void Answers::take_in_latest() {
  auto latest = parts_.unproven.take_latest();
  if (!latest) return;
  auto& message = latest->message;
  const Step& step = *message.step;
  const auto octets = message.octets;
  try {
    Receiver::finish(latest->incoming, message);
  } catch (const util::Error& error) {
    return not_stored(step, octets, error);
  }
  const auto piped = [](const auto& copy) { return copy.destination->traits().delivered_by_close(); };
  if (!parts_.run.account.removal_demanded && std::ranges::any_of(message.copies, piped))
    parts_.removals.retrieved_into_pipe();
  if (latest->doubtful) return parts_.unproven.hold(std::move(message), latest->incoming);
  parts_.settler.batch().add(std::move(message));
}

/// The message belongs to this row: writes what has changed, and removes the message if the policy says so.
void Answers::confirm(const Request& request, state::Row row, const std::optional<MessageHashes>& hashes) {
  const Step& step = *request.step;
  const bool ours = row.standing == Standing::delivered || row.standing == Standing::gone;
  if (hashes && !ours) parts_.removals.retrieved_but_unsafe();  // marked as seen: it was never fetched
  if (hashes && row.bytes != step.message.bytes) parts_.run.server.sizes_are_off = true;
  if (step.action == Action::fetch) {  // it was counted as waiting, but is known
    --parts_.run.totals.waiting;
    parts_.run.totals.waiting_bytes -= step.message.bytes;
  }
  const auto id = parts_.matcher.confirm(step, std::move(row), hashes);
  if (hashes && ours) parts_.removals.retrieved(id);
  if (request.action == Action::verify)
    parts_.notes.tell(step, Action::verify, "the message is known; nothing was delivered");
  if (ours && (request.action == Action::remove || !parts_.run.policy.leave_on_server))
    parts_.removals.mark(step.message.number, id);
}

/// A message too large for the disk must not hold up the others; a disk with no room for a small one ends the
/// run.
void Answers::not_stored(const Step& step, std::uint64_t octets, const util::Error& error) {
  constexpr std::uint64_t small_bytes = 1U << 20U;
  constexpr int most_failures = 10;
  parts_.removals.retrieved_but_unsafe();
  if (error.kind() == util::Kind::content) return parts_.notes.stays(step, error);
  if (parts_.unproven.empty()) parts_.settler.settle();  // messages that are whole may still fit
  if (std::max(step.message.bytes, octets) < small_bytes || ++storage_failures_ >= most_failures) throw error;
  parts_.notes.stays(step, error);
}

}  // namespace mailhaul::engine
