// SPDX-License-Identifier: MIT
#include "engine/places.h"

#include <algorithm>
#include <filesystem>

namespace mailhaul::engine {

Places::Places(std::span<const delivery::Spec> specs, const delivery::RunContext& context,
               const OpenDestination& open_one)
    : specs_(specs), context_(context), open_one_(open_one) {}

Destinations Places::open_all() const {
  Destinations opened;
  for (const auto& spec : specs_) opened.push_back(open_one_(spec, context_));
  // What a program has received cannot be taken back, so all other places must have the message first.
  std::stable_partition(opened.begin(), opened.end(),
                        [](const auto& destination) { return destination->traits().exactly_once(); });
  return opened;
}

bool Places::are_new() const {
  return std::ranges::all_of(specs_, [](const delivery::Spec& spec) {
    const auto is_path = [](const delivery::Field& field) { return field.type == delivery::FieldType::path; };
    const auto path = std::ranges::find_if(spec.kind->fields, is_path);
    std::error_code unknown;
    return path != spec.kind->fields.end() &&
           std::filesystem::status(delivery::value_of(spec, path->name).text, unknown).type() ==
               std::filesystem::file_type::not_found;
  });
}

void Places::open() { receiving_ = open_all(); }

delivery::Destination* Places::find(std::string_view target) const {
  const auto found =
      std::ranges::find_if(receiving_, [&](const auto& place) { return place->target() == target; });
  return found == receiving_.end() ? nullptr : found->get();
}

bool Places::alternate() {
  const auto handed_over = [](const auto& place) { return !place->traits().exactly_once(); };
  if (std::ranges::any_of(receiving_, handed_over)) return false;
  if (other_.empty()) other_ = open_all();
  receiving_.swap(other_);
  return true;
}

void Places::sweep(std::span<const delivery::Ticket> keep) const {
  for (const auto& destination : receiving_) destination->sweep(keep);
}

std::vector<delivery::Ticket> open_tickets(const state::Store& store) {
  std::vector<delivery::Ticket> tickets;
  for (const auto& landing : store.unfinished_landings()) {
    if (!landing.ticket.empty()) tickets.push_back({landing.target, landing.ticket});
  }
  return tickets;
}

}  // namespace mailhaul::engine
