// SPDX-License-Identifier: MIT
// From S5 to S7: which messages are removed from the server, and when that counts.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/account_run.h"
#include "pop3/session.h"
#include "state/store.h"

namespace mailhaul::engine {

/// One thread at a time.
class Removals {
 public:
  Removals(AccountRun& run, pop3::Session& session) : run_(run), session_(session) {}

  /// Asks for the removal of a message that this session has read itself and whose row is in S5, or in
  /// S4 of this run. Nothing once stop() was called, or if the message is kept.
  void mark(std::uint32_t number, state::RowId row);
  /// The server handed out something else in this message's place: it is not removed.
  void keep(std::uint32_t number);
  /// Whether QUIT would remove anything.
  [[nodiscard]] bool any() const noexcept { return !marked_.empty(); }
  /// A message was retrieved and is not safe: if a RETR alone removes it, the session ends without
  /// QUIT.
  void retrieved_but_unsafe() noexcept { unsafe_ = true; }
  /// The same for a message that went into a pipe, unless -K allows its removal.
  void retrieved_into_pipe() noexcept { piped_ = true; }
  /// Sends QUIT; what the server confirms is GONE. Returns the numbers removed, sorted. REQUIRES: nothing is
  /// owed, and what was delivered is recorded. Throws Error{temporary} when the removal was not confirmed.
  std::vector<std::uint32_t> finish();
  /// The session ended early: nothing else is removed.
  void stop() noexcept { phase_ = Phase::over; }
  [[nodiscard]] bool quit_sent() const noexcept { return phase_ == Phase::quitting; }

 private:
  enum class Phase { open, quitting, over };
  bool must_not_quit();
  void warn_of_refused(const pop3::RemovalResult& removal);
  void record(const std::vector<std::uint32_t>& numbers);

  AccountRun& run_;
  pop3::Session& session_;
  std::unordered_map<std::uint32_t, state::RowId> marked_;
  std::unordered_set<std::uint32_t> kept_;
  Phase phase_ = Phase::open;
  bool unsafe_ = false, piped_ = false;
};

}  // namespace mailhaul::engine
