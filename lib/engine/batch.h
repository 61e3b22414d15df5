// SPDX-License-Identifier: MIT
// Messages on their way from S1 to S5, and what becomes of each copy.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/destination.h"
#include "engine/fingerprint.h"
#include "state/rows.h"

namespace mailhaul::engine {

struct Step;

/// One message in one destination.
enum class CopyState {
  arrived,      ///< S1 to S3: not offered yet
  handed_over,  ///< written into a pipe; only the end of the pipe shows whether it was read
  delivered,    ///< S4
  refused,      ///< the destination did not accept it, this time or ever
  withheld,     ///< not offered: the destination refuses everything, or we stop
  in_doubt      ///< nobody can tell whether the destination accepted it
};

/// What the answer of a destination means for a copy.
CopyState state_of(delivery::DeliveryStatus status, const delivery::Destination& destination);

/// One message that is whole and invisible (S1) in each of its destinations.
struct ReceivedMessage {
  struct Copy {
    delivery::Destination* destination = nullptr;
    delivery::Ticket ticket;
    bool may_be_repeated = false;  ///< it may have been handed over before: TRIED until it is accepted
    CopyState state = CopyState::arrived;
    delivery::DeliveryResult result;  ///< why it was not delivered
  };
  const Step* step = nullptr;  ///< of the plan, which outlives the message
  std::string_view reason;  ///< why it is delivered: the step's reason, unless its content gave a better one
  state::Row row;
  TitleFields title;
  std::uint64_t octets = 0;              ///< as received
  bool begins_as_answer = false;         ///< with "+OK"
  bool partly_delivered = false;         ///< an earlier run has delivered it to one of its places
  std::vector<Copy> copies;              ///< exactly-once destinations first: an MDA comes last
  [[nodiscard]] bool delivered() const;  ///< S4 everywhere
};

/// Messages that are settled together: one flush, one transaction, one pair of directory syncs.
class Batch {
 public:
  void add(ReceivedMessage message);
  /// At 8 MiB, 1,024 messages (fewer if a destination says so), or 2 s.
  [[nodiscard]] bool full() const;
  /// At four times these octets or messages.
  [[nodiscard]] bool overfull() const;
  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  /// All of them, in the order of the plan. Leaves the batch empty.
  [[nodiscard]] std::vector<ReceivedMessage> take();

 private:
  std::vector<ReceivedMessage> messages_;
  std::uint64_t octets_ = 0;
  std::size_t most_ = 1024;
  std::chrono::steady_clock::time_point begun_;
};

/// For each destination, the copies that go to it, in order.
using Shares = std::vector<std::pair<delivery::Destination*, std::vector<ReceivedMessage::Copy*>>>;
/// Sorted by target, so that two accounts that lock the same two mboxes lock them in the same order.
Shares shares_of(std::vector<ReceivedMessage>& messages);
std::vector<delivery::Ticket> tickets_of(const std::vector<ReceivedMessage::Copy*>& copies);

/// Removes the temporary files of messages that will not be intended.
void discard(std::vector<ReceivedMessage>& messages) noexcept;

}  // namespace mailhaul::engine
