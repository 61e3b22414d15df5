// SPDX-License-Identifier: MIT
// Reports what happens to single messages, and stores what the next runs have to know of it.
#pragma once
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/account_run.h"
#include "engine/matcher.h"
#include "engine/plan.h"
#include "engine/settle.h"
#include "engine/uid.h"
#include "util/error.h"

namespace mailhaul::engine {

/// One thread at a time. Rows are written with the settler's next commit.
class MessageNotes {
 public:
  MessageNotes(AccountRun& run, Settler& settler, const Matcher& matcher)
      : run_(run), settler_(settler), matcher_(matcher) {}

  /// The UID as people see it.
  std::string uid(const Step& step) const { return shown_uid(step.message, step.identity.header); }
  /// Tells the Listener what was done with a message, apart from its delivery.
  void tell(const Step& step, Action action, std::string_view reason);
  /// Handles a message that the plan leaves on the server: reports why, if it was skipped, and marks it for
  /// removal if delete_after has passed.
  void left(const Step& step);
  /// Reports a message that could not be retrieved or stored; it comes last from now on.
  void failed(const Step& step, const util::Error& error);
  /// The same with "message UID stays on the server" put before the error. `header`: its hash, if only the
  /// header came.
  void stays(const Step& step, const util::Error& error, const std::optional<util::Hash>& header = {});
  /// Reports the places that did not accept a settled message. Returns whether there were any.
  [[nodiscard]] bool not_taken(const ReceivedMessage& message);
  /// Reports the refusals of programs that not_taken() has held back, because several may be reported
  /// together. Called at the end of a session.
  void tell_refusals();
  /// Reports a message that the server did not send a second time for comparison. Records what came the first
  /// time, so that the next session can compare it.
  void not_compared(const ReceivedMessage& message, const util::Error& error);
  /// Reports a message that is delivered everywhere.
  void delivered(const ReceivedMessage& message);
  /// Reports a message that stays on the server because of max_size: `bytes` of it arrived, or are announced.
  /// Records this, with the header if it was read.
  void too_large(const Step& step, std::uint64_t bytes, const std::optional<util::Hash>& header = {});
  /// Makes the message come last in the next session, and reports nothing. `header`: its hash, if only the
  /// header came.
  void comes_last(const Step& step, const std::optional<util::Hash>& header = {});
  /// The same for a delivered message whose removal broke the session. No effect if `id` is 0.
  void removal_comes_last(const Step& step, state::RowId id);

 private:
  AccountRun& run_;
  Settler& settler_;
  const Matcher& matcher_;
  void tell_oldest_refusal();

  struct Refusal {
    util::Error error;
    std::string uid;
    bool failed_before = false;  ///< in an earlier run
  };
  std::deque<Refusal> refusals_;   ///< not reported yet
  std::set<std::uint32_t> noted_;  ///< numbers of messages that were counted as failed
};

}  // namespace mailhaul::engine
