// SPDX-License-Identifier: MIT
#include "engine/recover.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/places.h"

namespace mailhaul::engine {

using delivery::DeliveryStatus;
using state::Landing;
using state::LandingState;

namespace {

/// The landings of a mailbox as they are stored, and as they turned out to be.
struct Landings {
  std::vector<Landing> stored, found;
};

/// Asks one destination what became of these messages, and notes the answers in the landings.
void ask(delivery::Destination& place, const std::vector<Landing*>& landings) {
  std::vector<delivery::Ticket> tickets;
  for (const auto* landing : landings) tickets.push_back({landing->target, landing->ticket});
  const auto results = place.recover(tickets);
  for (std::size_t i = 0; i < landings.size(); ++i) {
    if (results[i].status == DeliveryStatus::published) {
      landings[i]->state = LandingState::delivered;
    } else if (landings[i]->state == LandingState::intent && results[i].status == DeliveryStatus::doubt) {
      landings[i]->state = place.traits().exactly_once() ? LandingState::doubt : LandingState::tried;
    }
  }
}

/// Each row that has a landing, and whether all its landings are delivered.
std::map<state::RowId, bool> delivered_everywhere(const std::vector<Landing>& landings) {
  std::map<state::RowId, bool> rows;
  for (const auto& landing : landings) {
    bool& all = rows.try_emplace(landing.row, true).first->second;
    all = all && landing.state == LandingState::delivered;
  }
  return rows;
}

/// What is to be written: rows that are delivered everywhere, and landings whose state has changed.
state::Change change_for(const state::Store& store, state::MailboxId mailbox, const Landings& landings,
                         state::Time now) {
  state::Change change;
  const auto rows = delivered_everywhere(landings.found);
  for (const auto& [id, delivered] : rows) {
    if (delivered) {
      change.delivered.push_back({.row = id, .when = now});
    } else if (const auto row = store.row(mailbox, id); row && row->standing != state::Standing::pending) {
      // It was delivered or marked before. Only that run asked for it once more.
      change.settled.push_back(id);
    }
  }
  for (std::size_t i = 0; i < landings.found.size(); ++i) {
    const Landing& landing = landings.found[i];
    if (!rows.at(landing.row) && landing.state != landings.stored[i].state)
      change.landings.push_back(landing);
  }
  return change;
}

/// The landings to ask about, by target. A landing without a ticket was never handed over: the next fetch
/// does that.
std::map<std::string, std::vector<Landing*>> open_by_target(std::vector<Landing>& landings) {
  std::map<std::string, std::vector<Landing*>> by_target;
  for (auto& landing : landings) {
    const bool open = landing.state != LandingState::delivered && landing.state != LandingState::doubt;
    if (open && !landing.ticket.empty()) by_target[landing.target].push_back(&landing);
  }
  return by_target;
}

}  // namespace

void recover(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context) {
  Landings landings{.stored = store.landings(mailbox), .found = {}};
  landings.found = landings.stored;
  const auto by_target = open_by_target(landings.found);
  const auto open = open_tickets(store);
  // Opened from the tickets themselves: the profile may name other places now.
  Destinations places;
  for (const auto& [target, asked] : by_target) {
    places.push_back(delivery::reopen({target, asked.front()->ticket}, context));
    places.back()->sweep(open);  // before the first COMMIT: the old files may be what fills the disk
  }
  // The run that intended these may have been killed before its COMMIT reached the disk. Nothing is published
  // before that.
  const auto publishes = [](const Landing& landing) {
    return landing.state == LandingState::intent && !landing.ticket.empty();
  };
  if (std::ranges::any_of(landings.found, publishes)) store.flush(mailbox);
  auto place = places.begin();
  for (const auto& [target, asked] : by_target) ask(**place++, asked);
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  // S3, S4 -> S5. Where nothing has changed, nothing is written.
  store.commit(mailbox, change_for(store, mailbox, landings, now));
  const auto keep = open_tickets(store);
  for (const auto& destination : places) destination->sweep(keep);
}

void recover_if_possible(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context) {
  try {
    recover(store, mailbox, context);
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::storage) throw;
  }
}

}  // namespace mailhaul::engine
