// SPDX-License-Identifier: MIT
// Which messages are worth fetching while a place refuses everything.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "engine/account_run.h"
#include "engine/plan.h"
#include "engine/settle.h"

namespace mailhaul::engine {

/// One thread at a time.
class Offering {
 public:
  Offering(AccountRun& run, const Settler& settler) : run_(run), settler_(settler) {}

  /// is_wanted(), for the plan; empty if no place refuses.
  [[nodiscard]] std::function<bool(const Step&)> filter();
  /// Whether a place that lacks the message is still offered messages.
  [[nodiscard]] bool is_wanted(const Step& step);
  /// The next message to try a place with; null when no place has to be tried, or when all messages were
  /// tried.
  [[nodiscard]] const Step* next_trial(std::span<const Step> steps);
  /// Whether the message still has to be worked on after the trials.
  [[nodiscard]] bool is_due(const Step& step);
  /// Whether a place has been given up since the last call.
  [[nodiscard]] bool has_shrunk();

 private:
  std::vector<const delivery::Destination*> places_without(const Step& step) const;
  bool is_done(const Step& step) const;

  AccountRun& run_;
  const Settler& settler_;
  std::vector<const Step*> done_;  ///< tried
  const Step* trial_ = nullptr;    ///< being tried
  std::size_t given_up_ = 0;
};

}  // namespace mailhaul::engine
