// SPDX-License-Identifier: MIT
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "delivery/handover_queue.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

/// A destination that hands each message over to a program or to the reader of a pipe, and cannot check later
/// whether it arrived. There is nothing to stage or to sweep: until a message is accepted, it is on the
/// server and in a file without a name here.
class Handover : public Destination {
 public:
  struct Setup {
    const KindRow& kind;
    std::string target;
    StoredForm form;           ///< of the waiting messages
    TicketFields fields = {};  ///< of each ticket, besides the id
  };
  Handover(Setup setup, const RunContext& context);

  const std::string& target() const noexcept final { return setup_.target; }
  const Traits& traits() const noexcept final { return setup_.kind.traits; }
  [[nodiscard]] std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) final;
  void stage(std::span<Ticket> /*tickets*/) final {}
  [[nodiscard]] std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) final;
  void discard(std::span<const Ticket> tickets) noexcept final;
  void sweep(std::span<const Ticket> /*keep*/) noexcept final {}

 protected:
  /// Offers one message. Throws Error{storage} if that is not possible.
  [[nodiscard]] virtual DeliveryResult hand_over(const QueuedMessage& message) = 0;
  const RunContext& context() const noexcept { return context_; }

 private:
  Setup setup_;
  const RunContext& context_;
  HandoverQueue queue_;
};

}  // namespace mailhaul::delivery
