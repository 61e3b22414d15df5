// SPDX-License-Identifier: MIT
#include "engine/recover.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "delivery/spec.h"
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

/// Each row that has a landing, and whether all its landings are delivered. A landing that `state rebuild`
/// made, which has no ticket, says nothing about the other places, and does not complete a row.
std::map<state::RowId, bool> delivered_everywhere(const std::vector<Landing>& landings) {
  std::map<state::RowId, bool> rows;
  for (const auto& landing : landings) rows[landing.row] = rows[landing.row] || !landing.ticket.empty();
  for (const auto& landing : landings) {
    if (landing.state != LandingState::delivered) rows[landing.row] = false;
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
      // The message was delivered or marked before; the earlier run only fetched it once more.
      change.without_landings.push_back(id);
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

/// Opens the place that a ticket names, because the profile may name other places now. Null: the place is
/// gone, and the profile does not name it (`named`) any more. A place of a kind that only a later mailhaul
/// knows is not gone.
std::unique_ptr<delivery::Destination> reopen(const Landing& landing, const delivery::RunContext& context,
                                              std::span<const delivery::Spec> named) {
  try {
    return delivery::reopen({landing.target, landing.ticket}, context);
  } catch (const util::Error& error) {
    const auto is_it = [&](const auto& spec) { return delivery::describe(spec) == landing.target; };
    const bool is_known = delivery::find_kind(landing.target.substr(0, landing.target.find(':'))) != nullptr;
    if (error.kind() != util::Kind::storage || !is_known || std::ranges::any_of(named, is_it)) throw;
    return nullptr;
  }
}

/// Puts landings in doubt, because their place is gone: the messages go to the places that the profile names
/// now.
void give_up(const std::vector<Landing*>& landings) {
  for (auto* landing : landings) landing->state = LandingState::doubt;
}

}  // namespace

void recover(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
             std::span<const delivery::Spec> named) {
  Landings landings{.stored = store.landings(mailbox), .found = {}};
  landings.found = landings.stored;
  const auto by_target = open_by_target(landings.found);
  const auto open = open_tickets(store);
  std::map<std::string, std::unique_ptr<delivery::Destination>> places;
  for (const auto& [target, asked] : by_target) {
    auto place = reopen(*asked.front(), context, named);
    if (!place) {
      give_up(asked);
      continue;
    }
    place->sweep(open);  // before the first COMMIT: the old files may be what fills the disk
    places.emplace(target, std::move(place));
  }
  // The run that intended these landings may have been killed before its COMMIT reached the disk. Nothing is
  // published before the COMMIT is there.
  const auto publishes = [](const Landing& landing) {
    return landing.state == LandingState::intent && !landing.ticket.empty();
  };
  if (std::ranges::any_of(landings.found, publishes)) store.flush(mailbox);
  for (auto& [target, place] : places) ask(*place, by_target.at(target));
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  // S3, S4 -> S5. Where nothing has changed, nothing is written.
  store.commit(mailbox, change_for(store, mailbox, landings, now));
  const auto keep = open_tickets(store);
  for (const auto& [target, place] : places) place->sweep(keep);
}

void recover_if_possible(state::Store& store, state::MailboxId mailbox, const delivery::RunContext& context,
                         std::span<const delivery::Spec> named) {
  try {
    recover(store, mailbox, context, named);
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::storage) throw;
  }
}

}  // namespace mailhaul::engine
