// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/errand.h"
#include "util/text.h"

namespace mailhaul::engine {

using delivery::Fate;
using state::Landing;
using state::LandingState;

namespace {

/// Asks one destination, opened from the tickets themselves, what became of them, and notes the answers in
/// the landings.
std::unique_ptr<delivery::Destination> ask(const Errand& errand, std::vector<Landing*>& landings) {
  std::vector<delivery::Ticket> tickets;
  for (const auto* landing : landings) tickets.push_back({landing->target, landing->ticket});
  auto place = delivery::reopen(tickets.front(), errand.site);
  const auto outcomes = place->recover(tickets);
  for (std::size_t i = 0; i < landings.size(); ++i) {
    if (outcomes[i].fate == Fate::published) {
      landings[i]->state = LandingState::delivered;
    } else if (landings[i]->state == LandingState::intent && outcomes[i].fate == Fate::doubt) {
      landings[i]->state = place->exactly_once() ? LandingState::doubt : LandingState::tried;
    }
  }
  return place;
}

/// What of the landings is to be written: rows delivered everywhere, and states that changed.
state::Change conclusions(const Errand& errand, const std::vector<Landing>& before,
                          const std::vector<Landing>& after) {
  state::Change change;
  std::map<state::RowId, bool> whole;
  for (const auto& landing : after) {
    const bool delivered = landing.state == LandingState::delivered;
    const auto [row, fresh] = whole.try_emplace(landing.row, delivered);
    if (!fresh) row->second = row->second && delivered;
  }
  for (const auto& [id, delivered] : whole) {
    if (delivered) change.delivered.push_back({.row = id, .when = errand.world.now()});
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!whole.at(after[i].row) && after[i].state != before[i].state) change.landings.push_back(after[i]);
  }
  return change;
}

}  // namespace

void recover(Errand& errand) {
  const std::vector<Landing> before = errand.store.landings(errand.mailbox);
  std::vector<Landing> after = before;
  std::map<std::string, std::vector<Landing*>> by_target;
  for (auto& landing : after) {
    // Without a ticket nothing was handed over yet; the next fetch does it.
    if (landing.state != LandingState::delivered && landing.state != LandingState::doubt &&
        !landing.ticket.empty()) {
      by_target[landing.target].push_back(&landing);
    }
  }
  // What is read here may be a COMMIT that a kill overtook before it was durable: nothing is published on it.
  if (!by_target.empty()) errand.store.flush(errand.mailbox);
  std::vector<std::unique_ptr<delivery::Destination>> places;
  for (auto& [target, landings] : by_target) places.push_back(ask(errand, landings));
  errand.store.commit(errand.mailbox,
                      conclusions(errand, before, after));  // S3, S4 -> S5; no change: no write
  const auto keep = errand.open_tickets();
  for (const auto& place : places) place->sweep(keep);  // the profile may not name this one any more
}

}  // namespace mailhaul::engine
