// SPDX-License-Identifier: MIT
// What is said of single messages, and what is remembered because of it.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

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
  /// Tells the Listener what was done with a message. `places`: where it was delivered.
  void tell(const Step& step, Action action, std::string_view reason, std::string_view places = {});
  /// A message stays on the server by the plan: tells why where that is news, and marks what is due.
  void left(const Step& step);
  /// A message could not be retrieved or kept: told, and it comes last from now on.
  void failed(const Step& step, const util::Error& error);
  /// The same with "message UID stays on the server" put before the error.
  void stays(const Step& step, const util::Error& error);
  /// The server refuses this message and those behind it: told, and no message is to blame.
  void refused_from(const Step& step, const util::Error& error);
  /// A message was settled: where a destination did not take it, that is told. Returns whether it was so.
  [[nodiscard]] bool not_taken(const ReceivedMessage& message);
  /// It is delivered everywhere.
  void delivered(const ReceivedMessage& message);
  /// It comes last in the next session, without a word.
  void comes_last(const Step& step);

 private:
  void tell_too_large(const Step& step);

  AccountRun& run_;
  Settler& settler_;
  const Matcher& matcher_;
  std::set<std::uint32_t> noted_;  ///< numbers of those that comes_last() wrote a row for
};

}  // namespace mailhaul::engine
