// SPDX-License-Identifier: MIT
#include "engine/settle.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "engine/offers.h"
#include "util/error.h"

namespace mailhaul::engine {

using delivery::DeliveryStatus;
using state::Durability;
using state::LandingState;

Settler::Settler(AccountRun& run, Concluded concluded)
    : run_(run), store_(run.store), mailbox_(run.mailbox), concluded_(std::move(concluded)) {}

void Settler::settle() {
  finish();
  if (batch_.empty()) return;
  take_notes();
  conclude(carry(batch_.take()));
}

void Settler::settle_beside() {
  finish();
  take_notes();
  carried_ = batch_.take();
  // If no thread can be started, store() or finish() does the work.
  beside_ =
      std::async(std::launch::async | std::launch::deferred, [this] { return carry(std::move(carried_)); });
}

bool Settler::done() const {
  return under_way() && beside_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void Settler::finish() {
  if (under_way()) conclude(beside_.get());
}

state::Store& Settler::store() const {
  if (under_way()) beside_.wait();
  return store_;
}

std::optional<state::Row> Settler::row(state::RowId id) const {
  const auto noted =
      std::ranges::find(for_next_commit_.rows.rbegin(), for_next_commit_.rows.rend(), id, &state::Row::id);
  return noted != for_next_commit_.rows.rend() ? *noted : store().row(mailbox_, id);
}

void Settler::drop() {
  auto messages = batch_.take();
  discard(messages);
}

void Settler::conclude(const std::vector<ReceivedMessage>& messages) const {
  for (const auto& message : messages) concluded_(message);
}

void Settler::take_notes() {
  std::ranges::move(std::exchange(for_next_commit_.rows, {}), std::back_inserter(unrecorded_.rows));
  std::ranges::move(std::exchange(for_next_commit_.suspected, {}), std::back_inserter(unrecorded_.suspected));
  std::ranges::move(std::exchange(for_next_commit_.forgotten, {}), std::back_inserter(unrecorded_.forgotten));
}

std::vector<ReceivedMessage> Settler::carry(std::vector<ReceivedMessage> messages) {
  if (messages.empty()) return messages;
  failed_ = true;
  stage(messages);
  try {
    intend(messages);
  } catch (const util::Error& error) {
    // Another writer held the database for too long: no COMMIT was begun, so nothing is intended.
    if (error.kind() == util::Kind::temporary) discard(messages);
    throw;
  }
  publish(messages);
  failed_ = false;
  return messages;
}

void Settler::stage(std::vector<ReceivedMessage>& messages) {  // S2
  try {
    for (auto& [destination, copies] : shares_of(messages)) {
      if (!destination->traits().exactly_once()) continue;
      auto tickets = tickets_of(copies);
      destination->stage(tickets);
      for (std::size_t i = 0; i < copies.size(); ++i) copies[i]->ticket = std::move(tickets[i]);
    }
  } catch (...) {
    discard(messages);  // nothing is intended yet, anywhere
    throw;
  }
}

void Settler::intend(std::vector<ReceivedMessage>& messages) {  // S3
  state::Change change = unrecorded_;                           // kept until the COMMIT has succeeded
  bool recoverable = false;
  for (auto& message : messages) {
    if (message.row.id == 0) message.row.id = store_.next_row(mailbox_);
    message.row.suspect = message.row.suspect || suspect_;
    intended_rows_.push_back(message.row.id);
    change.rows.push_back(message.row);
    for (const auto& copy : message.copies) {
      // Only the end of a pipe shows what was read from it, so there is nothing to recover. But for a program
      // that a power cut ended, recovery must know which messages it may have received.
      const bool ticket = !copy.destination->traits().delivered_by_close();
      recoverable = recoverable || ticket;
      change.landings.push_back({.row = message.row.id,
                                 .target = copy.destination->target(),
                                 .ticket = ticket ? copy.ticket.data : std::string(),
                                 .state = copy.may_be_repeated ? LandingState::tried : LandingState::intent});
    }
  }
  // A failure here undoes nothing: the COMMIT may have succeeded, and then it names these files.
  store_.commit(mailbox_, change, recoverable ? Durability::synced : Durability::unsynced);
  unrecorded_ = {};
}

void Settler::publish(std::vector<ReceivedMessage>& messages) {  // S4
  for (auto& [destination, copies] : shares_of(messages)) {
    if (!destination->traits().exactly_once()) continue;
    auto results = destination->publish(tickets_of(copies));
    for (std::size_t i = 0; i < copies.size(); ++i) {
      copies[i]->state = state_of(results[i].status, *destination);
      copies[i]->result = std::move(results[i]);
    }
  }
  bool handed_over = false;
  for (auto& message : messages) {
    for (auto& copy : message.copies) {
      if (copy.destination->traits().exactly_once() || withhold(message, copy)) continue;
      hand_over(message, copy);
      handed_over = handed_over || !copy.destination->traits().delivered_by_close();
    }
    record(message);
  }
  if (handed_over) commit();                // one synced COMMIT before the batch's DELEs
  if (handed_over) store_.flush(mailbox_);  // also if the last message added nothing to record
}

/// Withholds the copy if it must not be offered; then its landing is as if it had never been offered.
bool Settler::withhold(const ReceivedMessage& message, ReceivedMessage::Copy& copy) {
  if (!is_withheld(run_, copy)) return false;
  copy.state = CopyState::withheld;
  if (copy.may_be_repeated) return true;
  unrecorded_.landings.push_back({.row = message.row.id, .target = copy.destination->target(), .ticket = {}});
  return true;
}

void Settler::hand_over(ReceivedMessage& message, ReceivedMessage::Copy& copy) {
  state::Landing landing{.row = message.row.id,
                         .target = copy.destination->target(),
                         .ticket = copy.ticket.data,
                         .state = LandingState::tried};
  if (!copy.destination->traits().delivered_by_close()) {
    state::Change change = unrecorded_;
    change.landings.push_back(landing);
    store_.commit(mailbox_, change, Durability::unsynced);
    unrecorded_ = {};
  }
  landing.ticket.clear();
  landing.state = LandingState::intent;
  try {
    copy.result = std::move(copy.destination->publish({&copy.ticket, 1}).front());
  } catch (const util::Error& error) {
    // A program that could not be started has received nothing.
    if (error.kind() == util::Kind::storage && !copy.may_be_repeated) unrecorded_.landings.push_back(landing);
    throw;
  }
  copy.state = state_of(copy.result.status, *copy.destination);
  note_answer(run_, message, copy);
  // The destination refused the message, so there is no doubt: it is offered again as if for the first time,
  // unless an earlier attempt got no answer.
  if (copy.state == CopyState::refused && !copy.may_be_repeated) unrecorded_.landings.push_back(landing);
}

void Settler::record(ReceivedMessage& message) {
  if (message.delivered()) {
    message.row.standing = state::Standing::delivered;
    return record_delivery(message);
  }
  const auto handed_over = [](const auto& copy) { return copy.state == CopyState::handed_over; };
  if (std::ranges::any_of(message.copies, handed_over)) awaiting_close_.push_back(message);
  record_copies(message);
}

/// Records which places have a message that is not delivered everywhere, and which may have it.
void Settler::record_copies(const ReceivedMessage& message) {
  for (const auto& copy : message.copies) {
    const bool doubtful = copy.destination->traits().exactly_once() && copy.state == CopyState::in_doubt;
    if (copy.state != CopyState::delivered && !doubtful) continue;
    unrecorded_.landings.push_back({.row = message.row.id,
                                    .target = copy.destination->target(),
                                    .ticket = copy.ticket.data,
                                    .state = doubtful ? LandingState::doubt : LandingState::delivered});
  }
}

void Settler::close(const std::vector<std::unique_ptr<delivery::Destination>>& destinations,
                    state::Standing handed_over) {
  for (const auto& destination : destinations) destination->close();
  std::vector<ReceivedMessage> closed = std::exchange(awaiting_close_, {});
  for (auto& message : closed) {
    for (auto& copy : message.copies) {
      if (copy.state == CopyState::handed_over) copy.state = CopyState::delivered;
    }
    if (!message.delivered()) record_copies(message);
  }
  std::erase_if(closed, [](const ReceivedMessage& message) { return !message.delivered(); });
  for (auto& message : closed) {
    const bool only_piped = std::ranges::all_of(
        message.copies, [](const auto& copy) { return copy.destination->traits().delivered_by_close(); });
    const bool kept =
        !only_piped || message.partly_delivered || message.row.standing == state::Standing::delivered;
    message.row.standing = kept ? state::Standing::delivered : handed_over;
    record_delivery(message);
  }
  conclude(closed);
}

void Settler::record_delivery(const ReceivedMessage& message) {
  if (message.row.failures > 0) {
    unrecorded_.rows.push_back(message.row);
    unrecorded_.rows.back().failures = 0;
  }
  unrecorded_.delivered.push_back(
      {.row = message.row.id, .standing = message.row.standing, .when = run_.environment.now()});
}

void Settler::suspect(std::span<const state::RowId> more) {
  suspect_ = true;
  for_next_commit_.suspected = intended_rows_;
  for_next_commit_.suspected.insert(for_next_commit_.suspected.end(), more.begin(), more.end());
  commit();
}

void Settler::commit() {
  take_notes();
  if (unrecorded_.empty()) return;
  store_.commit(mailbox_, unrecorded_, Durability::synced);
  unrecorded_ = {};
}

}  // namespace mailhaul::engine
