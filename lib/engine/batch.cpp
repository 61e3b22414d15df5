// SPDX-License-Identifier: MIT
#include "engine/batch.h"

#include <algorithm>

#include "engine/plan.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t most_octets = 8U << 20U;

}  // namespace

bool ReceivedMessage::delivered() const {
  return std::ranges::all_of(copies, [](const Copy& copy) { return copy.state == CopyState::delivered; });
}

CopyState state_of(delivery::DeliveryStatus status, const delivery::Destination& destination) {
  switch (status) {
    case delivery::DeliveryStatus::published:
      return destination.traits().delivered_by_close() ? CopyState::handed_over : CopyState::delivered;
    case delivery::DeliveryStatus::rejected:
    case delivery::DeliveryStatus::unfit:
    case delivery::DeliveryStatus::later:
      return CopyState::refused;
    case delivery::DeliveryStatus::doubt:
      break;
  }
  return CopyState::in_doubt;
}

void Batch::add(ReceivedMessage message) {
  if (messages_.empty()) begun_ = std::chrono::steady_clock::now();
  for (const auto& copy : message.copies) most_ = std::min(most_, copy.destination->traits().batch);
  octets_ += message.octets;
  messages_.push_back(std::move(message));
}

bool Batch::full() const {
  if (messages_.empty()) return false;
  return octets_ >= most_octets || messages_.size() >= most_ ||
         std::chrono::steady_clock::now() - begun_ >= 2s;
}

bool Batch::overfull() const { return octets_ >= 4 * most_octets || messages_.size() >= 4 * most_; }

std::vector<ReceivedMessage> Batch::take() {
  octets_ = 0;
  auto messages = std::exchange(messages_, {});
  // Messages that were held back because of their size were added last.
  std::ranges::sort(messages, {}, [](const ReceivedMessage& message) { return message.step->index; });
  return messages;
}

Shares shares_of(std::vector<ReceivedMessage>& messages) {
  Shares shares;
  for (auto& message : messages) {
    for (auto& copy : message.copies) {
      auto found = std::ranges::find(shares, copy.destination, &Shares::value_type::first);
      if (found == shares.end()) found = shares.insert(shares.end(), {copy.destination, {}});
      found->second.push_back(&copy);
    }
  }
  std::ranges::sort(shares, {}, [](const auto& share) { return share.first->target(); });
  return shares;
}

std::vector<delivery::Ticket> tickets_of(const std::vector<ReceivedMessage::Copy*>& copies) {
  std::vector<delivery::Ticket> tickets;
  tickets.reserve(copies.size());
  for (const auto* copy : copies) tickets.push_back(copy->ticket);
  return tickets;
}

void discard(std::vector<ReceivedMessage>& messages) noexcept {
  for (const auto& [destination, copies] : shares_of(messages)) destination->discard(tickets_of(copies));
}

}  // namespace mailhaul::engine
