// SPDX-License-Identifier: MIT
#include "engine/offering.h"

#include <algorithm>
#include <utility>

namespace mailhaul::engine {

std::vector<const delivery::Destination*> Offering::places_without(const Step& step) const {
  std::vector<state::Landing> landings;
  if (const auto* row = step.identity.row; row != nullptr && row->has_landings)
    landings = settler_.store().landings_of(run_.mailbox, row->id);
  std::vector<const delivery::Destination*> places;
  for (const auto& place : run_.places.receiving()) {
    const auto has_it = [&](const state::Landing& landing) {
      return landing.state == state::LandingState::delivered && landing.target == place->target();
    };
    if (std::ranges::none_of(landings, has_it)) places.push_back(place.get());
  }
  return places;
}

std::function<bool(const Step&)> Offering::filter() {
  const auto takes_all = [this](const auto& place) {
    return run_.refusing.offers(place->target()) == Offers::all;
  };
  if (std::ranges::all_of(run_.places.receiving(), takes_all)) return {};
  return [this](const Step& step) { return is_wanted(step); };
}

bool Offering::is_wanted(const Step& step) {
  const auto places = places_without(step);
  const auto is_offered = [this](const auto* place) {
    return run_.refusing.offers(place->target()) != Offers::none;
  };
  if (std::ranges::any_of(places, is_offered)) return true;
  for (const auto* place : places) run_.refusing.kept_from(place->target());
  return false;
}

const Step* Offering::next_trial(std::span<const Step> steps) {
  if (trial_ != nullptr) done_.push_back(std::exchange(trial_, nullptr));
  const auto waits = [this](const auto* place) {
    return run_.refusing.offers(place->target()) == Offers::one_first;
  };
  const auto& places = run_.places.receiving();
  if (std::ranges::none_of(places, [&](const auto& place) { return waits(place.get()); })) return nullptr;
  const auto suits = [&](const Step& step) {
    return step.action == Action::fetch && !is_done(step) && std::ranges::any_of(places_without(step), waits);
  };
  // Prefers the newest message that never failed, because the older messages may be what the place refused.
  const bool newest_last = !steps.empty() && steps.front().message.number < steps.back().message.number;
  const bool has_failed =
      !steps.empty() && steps.front().identity.row != nullptr && steps.front().identity.row->failures != 0;
  if (newest_last && !has_failed) {
    const auto found = std::find_if(steps.rbegin(), steps.rend(), suits);
    return trial_ = found == steps.rend() ? nullptr : &*found;
  }
  const auto found = std::ranges::find_if(steps, suits);
  return trial_ = found == steps.end() ? nullptr : &*found;
}

bool Offering::is_done(const Step& step) const { return std::ranges::find(done_, &step) != done_.end(); }

bool Offering::is_due(const Step& step) {
  if (is_done(step)) return false;
  const bool may_be_unwanted = step.action == Action::fetch && run_.refusing.given_up() != 0;
  return !may_be_unwanted || is_wanted(step);
}

bool Offering::has_shrunk() {
  return std::exchange(given_up_, run_.refusing.given_up()) < run_.refusing.given_up();
}

}  // namespace mailhaul::engine
