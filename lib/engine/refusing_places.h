// SPDX-License-Identifier: MIT
// If a program refuses everything, the whole mailbox must not be downloaded again in every run.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment.h"
#include "state/rows.h"
#include "util/error.h"

namespace mailhaul::engine {

/// What a place is offered.
enum class Offers {
  all,        ///< every message that is for it
  one_first,  ///< it refused everything in an earlier run: one message shows whether it still does
  none        ///< nothing in this run, or nothing more
};

/// A message that a place did not take.
struct PlaceRefusal {
  std::string_view target;
  std::string_view answer;  ///< what the place said
  util::Kind kind = util::Kind::storage;
  std::string by_hand;  ///< what a person can type to try this message; may be empty
};

/// The places that gave three messages in a row the same answer, in this run or in earlier ones. One thread
/// at a time.
class RefusingPlaces {
 public:
  /// `stored`: what text() returned at the end of the run before.
  RefusingPlaces(std::string_view stored, state::Time now);

  /// Ends all pauses: a person is waiting, and may have fixed the program.
  void retry_now();
  [[nodiscard]] Offers offers(std::string_view target) const;
  void took(std::string_view target);
  /// The place refused a message; it may be the last one that the place is offered in this run.
  void refused(const PlaceRefusal& refusal, state::Time now);
  /// A message was not offered to the place, because of offers().
  void kept_from(std::string_view target);

  /// How many places were given up in this run.
  [[nodiscard]] std::size_t given_up() const;
  /// How many of the last refusals error() reports together, so that they need not be reported singly.
  [[nodiscard]] std::size_t told_by_error() const;
  /// Says why messages were kept from a place in this run; `waiting` messages are not delivered. Empty: none
  /// were kept.
  [[nodiscard]] std::optional<util::Error> error(std::size_t waiting, const Environment& environment) const;
  /// What is stored in the database; empty when no place refuses.
  [[nodiscard]] std::string text() const;

 private:
  struct Place {
    std::string target, answer, by_hand;
    util::Kind kind = util::Kind::storage;
    int in_a_row = 0;        ///< refusals with the same answer, in this run
    int runs = 0;            ///< how many runs in a row have given it up
    state::Time not_before;  ///< no run tries it before this time
    Offers offers = Offers::all;
    bool has_refused_now = false, has_kept_mail = false;
  };
  Place* find(std::string_view target);
  static bool is_given_up(const Place& place);

  std::vector<Place> places_;
};

}  // namespace mailhaul::engine
