// SPDX-License-Identifier: MIT
// Policy: what to do with each listed message, and why. Pure: no clock, no disk, no network.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "pop3/session.h"
#include "report/listener.h"
#include "state/store.h"

namespace mailhaul::engine {

using report::Action;

/// Like std::optional<util::Hash>, but small if it is empty: a listing may have 100,000 messages, and their
/// UIDLs identify nearly all of them.
class RareHash {
 public:
  RareHash() = default;
  RareHash(const std::optional<util::Hash>& hash)
      : hash_(hash ? std::make_unique<util::Hash>(*hash) : nullptr) {}
  RareHash(const RareHash& other) : RareHash(std::optional<util::Hash>(other)) {}
  RareHash(RareHash&&) noexcept = default;
  RareHash& operator=(RareHash other) noexcept {
    hash_.swap(other.hash_);
    return *this;
  }
  ~RareHash() = default;
  explicit operator bool() const noexcept { return hash_ != nullptr; }
  const util::Hash& operator*() const noexcept { return *hash_; }
  operator std::optional<util::Hash>() const { return hash_ ? std::optional(*hash_) : std::nullopt; }

 private:
  std::unique_ptr<util::Hash> hash_;
};

/// How a listed message was recognised.
struct Identity {
  /// Null: unknown so far. Points into the MailboxRows in which it was found.
  const state::RowSummary* row = nullptr;
  RareHash header;  ///< from TOP, if the UIDL does not identify the message
  /// How much of the message came, if that was more than announced and than max_size.
  std::uint64_t received_bytes = 0;
  std::uint32_t ordinal = 0;  ///< position among listed messages with equal header and size
  bool this_run = false;      ///< delivered in an earlier session of this run
  bool by_content = false;    ///< neither UIDL nor TOP: only its content identifies it
};

struct Step {
  pop3::Listed message;
  std::size_t index = 0;  ///< in the plan, from 0
  Identity identity;
  Action action = Action::leave;
  std::string_view reason;   ///< static text: shown by "mailhaul list"
  bool mark_due = false;     ///< delete_after has passed: it is marked, and a later run removes it
  bool is_unsized = false;   ///< recorded without a size, as imports are: size and header are noted
  bool too_large = false;    ///< stays because of max_size, which the user is told
  bool is_unwanted = false;  ///< stays because the places that lack it refuse everything
  /// Whether the server is asked for it at all.
  [[nodiscard]] bool is_asked_for() const {
    return (action != Action::leave && action != Action::skip) || is_unsized;
  }
  /// Whether there is anything to do with it.
  [[nodiscard]] bool has_work() const { return action != Action::leave || mark_due || is_unsized; }
  /// Its size: what LIST says, or how much of it came earlier, under the same LIST size or with the same
  /// header, if that was more.
  [[nodiscard]] std::uint64_t known_bytes() const;
  /// How often the message could not be retrieved, delivered or removed before this session: it must not hold
  /// up the others.
  [[nodiscard]] std::uint32_t failures() const;
};

/// Which of the listed messages a plan has steps for.
enum class Steps {
  all,
  with_work,  ///< not the messages that just stay: nearly all, with leave_on_server
  unfinished  ///< the same, but not_failed() has only what is fetched for the first time
};

/// The time, and what earlier sessions of this run have fetched, which counts towards the limits.
struct RunSoFar {
  state::Time now;
  std::uint32_t messages = 0;
  std::uint64_t bytes = 0;
  Steps steps = Steps::all;
  std::function<bool(const Step&)> is_wanted;  ///< whether any place is offered the message; empty: always
};

/// How much max_messages and max_bytes still allow in a run.
class Budget {
 public:
  Budget() = default;  ///< no limits
  Budget(const account::Policy& policy, const RunSoFar& so_far);
  /// Counts one message; false, without counting it, if there is no room for it.
  [[nodiscard]] bool take(std::uint64_t bytes);
  /// Whether max_messages is used up. If take() returned false and this is false, too, max_bytes is.
  [[nodiscard]] bool messages_used_up() const;

 private:
  std::uint64_t most_messages_ = 0, most_bytes_ = 0;  ///< 0: no limit
  std::uint64_t messages_ = 0, bytes_ = 0;
};

struct Plan {
  /// One for each listed message (or for each with work), in the order in which they are processed:
  /// the server's, or from the last to the first. Those that failed before come last, fewest failures first.
  std::vector<Step> steps;
  std::size_t failed_from = 0;    ///< index of the first of these
  std::size_t not_done_from = 0;  ///< index of the first in not_failed(); those before it are done
  Budget budget;                  ///< what is left for messages that prove to be new only when they are read

  [[nodiscard]] std::span<const Step> not_failed() const {
    return std::span(steps).first(failed_from).subspan(not_done_from);
  }
  [[nodiscard]] std::span<const Step> failed() const { return std::span(steps).subspan(failed_from); }
};

/// `identities` has one element for each of `listed`, in the same order; both are moved from.
[[nodiscard]] Plan plan(std::vector<pop3::Listed> listed, std::vector<Identity> identities,
                        const account::Policy& policy, const RunSoFar& so_far);

/// Counts all messages of the listing as waiting: nothing is known about any of them.
void count_waiting(std::span<const pop3::Listed> listed, report::Totals& totals);
/// Counts the new messages, and those of them that this run leaves on the server, and why.
void count_waiting(const Plan& plan, report::Totals& totals);

}  // namespace mailhaul::engine
