// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/account_run.h"

namespace mailhaul::engine {

using delivery::DeliveryStatus;
using state::Landing;
using state::LandingState;

namespace {

/// Asks one destination what became of these, and notes the answers in the landings.
void ask(delivery::Destination& place, const std::vector<Landing*>& landings) {
  std::vector<delivery::Ticket> tickets;
  for (const auto* landing : landings) tickets.push_back({landing->target, landing->ticket});
  const auto outcomes = place.recover(tickets);
  for (std::size_t i = 0; i < landings.size(); ++i) {
    if (outcomes[i].status == DeliveryStatus::published) {
      landings[i]->state = LandingState::delivered;
    } else if (landings[i]->state == LandingState::intent && outcomes[i].status == DeliveryStatus::doubt) {
      landings[i]->state = place.traits().exactly_once() ? LandingState::doubt : LandingState::tried;
    }
  }
}

/// What of the landings is to be written: rows delivered everywhere, and states that changed.
state::Change conclusions(const AccountRun& run, const std::vector<Landing>& before,
                          const std::vector<Landing>& after) {
  state::Change change;
  std::map<state::RowId, bool> whole;
  for (const auto& landing : after) {
    const bool delivered = landing.state == LandingState::delivered;
    const auto [row, fresh] = whole.try_emplace(landing.row, delivered);
    if (!fresh) row->second = row->second && delivered;
  }
  for (const auto& [id, delivered] : whole) {
    if (delivered) {
      change.delivered.push_back({.row = id, .when = run.environment.now()});
    } else if (const auto row = run.store.row(run.mailbox, id);
               row && row->standing != state::Standing::pending) {
      change.settled.push_back(id);  // it was there, and asked for again, for that run alone
    }
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!whole.at(after[i].row) && after[i].state != before[i].state) change.landings.push_back(after[i]);
  }
  return change;
}

}  // namespace

void recover(AccountRun& run) {
  const std::vector<Landing> before = run.store.landings(run.mailbox);
  std::vector<Landing> after = before;
  std::map<std::string, std::vector<Landing*>> by_target;
  for (auto& landing : after) {
    // Without a ticket nothing was handed over yet; the next fetch does it.
    if (landing.state != LandingState::delivered && landing.state != LandingState::doubt &&
        !landing.ticket.empty()) {
      by_target[landing.target].push_back(&landing);
    }
  }
  const auto open = run.open_tickets();
  // Opened from the tickets themselves: the profile may name others now.
  std::vector<std::unique_ptr<delivery::Destination>> places;
  for (const auto& [target, landings] : by_target) {
    places.push_back(delivery::reopen({target, landings.front()->ticket}, run.context));
    places.back()->sweep(open);  // before the first COMMIT: it may be what fills the disk
  }
  // Whoever intended these may have been killed before that COMMIT was flushed: nothing is published before.
  const auto to_publish = [](const Landing* landing) { return landing->state == LandingState::intent; };
  const bool publishes = std::ranges::any_of(
      by_target, [&](const auto& place) { return std::ranges::any_of(place.second, to_publish); });
  if (publishes) run.store.flush(run.mailbox);
  auto place_of = places.begin();
  for (const auto& [target, landings] : by_target) ask(**place_of++, landings);
  run.store.commit(run.mailbox, conclusions(run, before, after));  // S3, S4 -> S5; no change: no write
  const auto keep = run.open_tickets();
  for (const auto& place : places) place->sweep(keep);
}

}  // namespace mailhaul::engine
