// SPDX-License-Identifier: MIT
#include "delivery/handover.h"

#include <utility>

namespace mailhaul::delivery {

Handover::Handover(Setup setup, const RunContext& context) : setup_(std::move(setup)), context_(context) {}

std::unique_ptr<Writer> Handover::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  auto fields = setup_.fields;
  fields.set("id", envelope.id);
  return std::make_unique<HandoverWriter>(queue_, context_, envelope,
                                          HandoverWriter::Setup{setup_.form, {setup_.target, fields.data()}});
}

std::vector<DeliveryResult> Handover::publish(std::span<const Ticket> tickets) {
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    const auto id = id_of(ticket);
    results.push_back(hand_over(queue_.at(id)));
    queue_.remove(id);
  }
  return results;
}

void Handover::discard(std::span<const Ticket> tickets) noexcept {
  for (const auto& ticket : tickets) queue_.remove(id_of(ticket));
}

}  // namespace mailhaul::delivery
