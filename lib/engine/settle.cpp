// SPDX-License-Identifier: MIT
#include "engine/settle.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "util/error.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;
using delivery::DeliveryStatus;
using state::Durability;
using state::LandingState;

namespace {
constexpr std::uint64_t most_bytes = 8U << 20U;
}

bool Arrived::delivered() const {
  return std::ranges::all_of(copies, [](const Copy& copy) { return copy.published; });
}

void Batch::add(Arrived arrived) {
  if (messages_.empty()) begun_ = std::chrono::steady_clock::now();
  for (const auto& copy : arrived.copies) most_ = std::min(most_, copy.destination->traits().batch);
  bytes_ += arrived.bytes;
  messages_.push_back(std::move(arrived));
}

bool Batch::full() const {
  if (messages_.empty()) return false;
  return bytes_ >= most_bytes || messages_.size() >= most_ || std::chrono::steady_clock::now() - begun_ >= 2s;
}

bool Batch::overfull() const { return bytes_ >= 4 * most_bytes || messages_.size() >= 4 * most_; }

std::vector<Arrived> Batch::take() {
  bytes_ = 0;
  return std::exchange(messages_, {});
}

namespace {

/// The copies of a batch that go to one destination, in order.
using Shares = std::vector<std::pair<delivery::Destination*, std::vector<Arrived::Copy*>>>;

Shares shares_of(std::vector<Arrived>& messages) {
  Shares shares;
  for (auto& message : messages) {
    for (auto& copy : message.copies) {
      auto found = std::ranges::find(shares, copy.destination, &Shares::value_type::first);
      if (found == shares.end()) found = shares.insert(shares.end(), {copy.destination, {}});
      found->second.push_back(&copy);
    }
  }
  // Two accounts that lock the same two mboxes must do it in one order.
  std::ranges::sort(shares, {}, [](const auto& share) { return share.first->target(); });
  return shares;
}

std::vector<delivery::Ticket> tickets_of(const std::vector<Arrived::Copy*>& copies) {
  std::vector<delivery::Ticket> tickets;
  tickets.reserve(copies.size());
  for (const auto* copy : copies) tickets.push_back(copy->ticket);
  return tickets;
}

}  // namespace

Settler::Settler(state::Store& store, state::MailboxId mailbox, std::function<state::Time()> now)
    : store_(store), mailbox_(mailbox), now_(std::move(now)) {}

void Settler::discard(std::vector<Arrived>& messages) noexcept {
  for (const auto& [destination, copies] : shares_of(messages)) destination->discard(tickets_of(copies));
}

std::vector<Arrived> Settler::settle(std::vector<Arrived> messages) {
  take_notes();
  return carry(std::move(messages));
}

void Settler::begin(std::vector<Arrived> messages) {
  take_notes();
  carried_ = std::move(messages);
  // Where no thread is to be had, wait() or finish() does the work.
  beside_ =
      std::async(std::launch::async | std::launch::deferred, [this] { return carry(std::move(carried_)); });
}

void Settler::wait() const {
  if (under_way()) beside_.wait();
}

void Settler::take_notes() {
  std::ranges::move(std::exchange(noted_.rows, {}), std::back_inserter(landed_.rows));
  std::ranges::move(std::exchange(noted_.forgotten, {}), std::back_inserter(landed_.forgotten));
}

std::vector<Arrived> Settler::carry(std::vector<Arrived> messages) {
  if (messages.empty()) return messages;
  failed_ = true;
  stage(messages);
  try {
    intend(messages);
  } catch (const util::Error& error) {
    // Another writer kept the database too long: no COMMIT was begun, so nothing is intended.
    if (error.kind() == util::Kind::temporary) discard(messages);
    throw;
  }
  publish(messages);
  failed_ = false;
  return messages;
}

void Settler::stage(std::vector<Arrived>& messages) {  // S2
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

void Settler::intend(std::vector<Arrived>& messages) {  // S3
  state::Change change = landed_;                       // kept until the COMMIT is through
  bool recoverable = false;
  for (auto& message : messages) {
    if (message.row.id == 0) message.row.id = store_.next_row(mailbox_);
    change.rows.push_back(message.row);
    for (const auto& copy : message.copies) {
      // What a pipe has taken shows only at its end: nothing to recover. Of a program that was killed with
      // the power, recovery must know which messages it may have had.
      const bool ticket = !copy.destination->traits().settled_by_close();
      recoverable = recoverable || ticket;
      change.landings.push_back({.row = message.row.id,
                                 .target = copy.destination->target(),
                                 .ticket = ticket ? copy.ticket.data : std::string(),
                                 .state = copy.retry ? LandingState::tried : LandingState::intent});
    }
  }
  // A failure here undoes nothing: the COMMIT may have got through, and then names these files.
  store_.commit(mailbox_, change, recoverable ? Durability::synced : Durability::unsynced);
  landed_ = {};
}

void Settler::publish(std::vector<Arrived>& messages) {  // S4
  for (auto& [destination, copies] : shares_of(messages)) {
    if (!destination->traits().exactly_once()) continue;
    auto outcomes = destination->publish(tickets_of(copies));
    for (std::size_t i = 0; i < copies.size(); ++i) {
      copies[i]->published = outcomes[i].status == DeliveryStatus::published;
      copies[i]->outcome = std::move(outcomes[i]);
    }
  }
  bool handed_over = false;
  for (auto& message : messages) {
    for (auto& copy : message.copies) {
      if (copy.destination->traits().exactly_once()) continue;
      hand_over(message, copy);
      handed_over = true;
    }
    conclude(message);
  }
  if (handed_over) flush();  // one synced COMMIT before the batch's DELEs
}

void Settler::hand_over(Arrived& message, Arrived::Copy& copy) {
  state::Landing landing{.row = message.row.id,
                         .target = copy.destination->target(),
                         .ticket = copy.ticket.data,
                         .state = LandingState::tried};
  if (!copy.destination->traits().settled_by_close()) {
    state::Change change = landed_;
    change.landings.push_back(landing);
    store_.commit(mailbox_, change, Durability::unsynced);
    landed_ = {};
  }
  landing.ticket.clear();
  landing.state = LandingState::intent;
  try {
    copy.outcome = std::move(copy.destination->publish({&copy.ticket, 1}).front());
  } catch (const util::Error& error) {
    // A program that could not be started was handed nothing.
    if (error.kind() == util::Kind::storage && !copy.retry) landed_.landings.push_back(landing);
    throw;
  }
  copy.published = copy.outcome.status == DeliveryStatus::published;
  // It said no, so it is in no doubt: to be offered again as if for the first time. Not where it said
  // nothing, now or before.
  const bool answered = copy.outcome.status != DeliveryStatus::doubt && !copy.retry;
  if (!copy.published && answered) landed_.landings.push_back(landing);
}

void Settler::conclude(Arrived& message) {
  const auto waits = [](const Arrived::Copy& copy) {
    return copy.published && copy.destination->traits().settled_by_close();
  };
  if (std::ranges::any_of(message.copies, waits)) {
    awaiting_close_.push_back(message);
    for (auto& copy : message.copies) copy.published = copy.published && !waits(copy);
  } else if (message.delivered()) {
    message.row.standing = state::Standing::delivered;
    record_delivery(message);
    return;
  }
  record_copies(message);
}

/// A message that is not delivered everywhere: who has it, and where it cannot be told.
void Settler::record_copies(const Arrived& message) {
  for (const auto& copy : message.copies) {
    const bool doubtful =
        copy.destination->traits().exactly_once() && copy.outcome.status == delivery::DeliveryStatus::doubt;
    if (!copy.published && !doubtful) continue;
    landed_.landings.push_back({.row = message.row.id,
                                .target = copy.destination->target(),
                                .ticket = copy.ticket.data,
                                .state = doubtful ? LandingState::doubt : LandingState::delivered});
  }
}

std::vector<Arrived> Settler::close(const std::vector<std::unique_ptr<delivery::Destination>>& destinations,
                                    state::Standing handed_over) {
  for (const auto& destination : destinations) destination->close();
  std::vector<Arrived> closed = std::exchange(awaiting_close_, {});
  for (const auto& message : closed) {
    if (!message.delivered()) record_copies(message);
  }
  std::erase_if(closed, [](const Arrived& message) { return !message.delivered(); });
  for (auto& message : closed) {
    const bool only_handed = std::ranges::all_of(message.copies, [](const Arrived::Copy& copy) {
      return copy.destination->traits().settled_by_close();
    });
    const bool kept = !only_handed || message.elsewhere || message.row.standing == state::Standing::delivered;
    message.row.standing = kept ? state::Standing::delivered : handed_over;
    record_delivery(message);
  }
  return closed;
}

void Settler::record_delivery(const Arrived& message) {
  landed_.delivered.push_back({.row = message.row.id, .standing = message.row.standing, .when = now_()});
  delivered_rows_.push_back(message.row.id);
}

void Settler::flush() {
  take_notes();
  if (landed_.empty()) return;
  store_.commit(mailbox_, landed_, Durability::synced);
  landed_ = {};
}

}  // namespace mailhaul::engine
