// SPDX-License-Identifier: MIT
// What the user is told about single messages, and what is stored because of it.
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
  /// Tells the Listener what was done with a message that was not delivered.
  void tell(const Step& step, Action action, std::string_view reason);
  /// The plan leaves a message on the server: tells the user why if that is news, and marks what is due.
  void left(const Step& step);
  /// Reports a message that could not be retrieved or stored; it comes last from now on.
  void failed(const Step& step, const util::Error& error);
  /// The same with "message UID stays on the server" put before the error. `header`: all that came of it.
  void stays(const Step& step, const util::Error& error, const std::optional<util::Hash>& header = {});
  /// Reports the places that did not accept a settled message. Returns whether there were any.
  [[nodiscard]] bool not_taken(const ReceivedMessage& message);
  /// Reports the refusals of programs that not_taken() has kept back, because more of the same may follow
  /// that are told together. Called at the end of a session.
  void tell_refusals();
  /// Reports a message that did not come a second time, to be compared. What came is noted: the next session
  /// can tell whether it is the same.
  void not_compared(const ReceivedMessage& message, const util::Error& error);
  /// The message is delivered everywhere.
  void delivered(const ReceivedMessage& message);
  /// The message stays because of max_size: `bytes` of it arrived, or are announced. Told, and remembered
  /// with its header, if that was read.
  void too_large(const Step& step, std::uint64_t bytes, const std::optional<util::Hash>& header = {});
  /// The message comes last in the next session; nothing is reported. `header`: all that came of it.
  void comes_last(const Step& step, const std::optional<util::Hash>& header = {});
  /// The same for a delivered message whose removal broke the session; 0 has no effect.
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
  std::deque<Refusal> refusals_;   ///< not told yet
  std::set<std::uint32_t> noted_;  ///< numbers of those that comes_last() wrote a row for
};

}  // namespace mailhaul::engine
