// SPDX-License-Identifier: MIT
// The places where an account's mail goes.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "state/store.h"

namespace mailhaul::engine {

using Destinations = std::vector<std::unique_ptr<delivery::Destination>>;
using OpenDestination =
    std::function<std::unique_ptr<delivery::Destination>(const delivery::Spec&, const delivery::RunContext&)>;

/// The open destinations of one account. One thread at a time.
class Places {
 public:
  /// All that is passed outlives the Places. Nothing is opened yet.
  Places(std::span<const delivery::Spec> specs, const delivery::RunContext& context,
         const OpenDestination& open_one);

  /// Whether each place is a path where there is nothing yet. Opening may make something there.
  [[nodiscard]] bool are_new() const;
  /// Opens a destination for each spec. Throws what OpenDestination throws.
  void open();
  /// The destinations that receive mail now, those that deliver exactly once first: an MDA comes last.
  const Destinations& receiving() const noexcept { return receiving_; }
  /// The destination with this target that receives mail now; null if there is none.
  delivery::Destination* find(std::string_view target) const;
  /// Swaps two sets of open destinations for the same places, so that one receives mail while a batch in the
  /// other is settled. Returns false, and does nothing, if one of them does not deliver exactly once.
  [[nodiscard]] bool alternate();
  /// Removes the temporary files of this mailbox, except those that `keep` names.
  void sweep(std::span<const delivery::Ticket> keep) const;

 private:
  Destinations open_all() const;

  std::span<const delivery::Spec> specs_;
  const delivery::RunContext& context_;
  const OpenDestination& open_one_;
  Destinations receiving_, other_;  ///< other_: empty until alternate() was called
};

/// The tickets of all landings that are not delivered, of all mailboxes.
std::vector<delivery::Ticket> open_tickets(const state::Store& store);

}  // namespace mailhaul::engine
