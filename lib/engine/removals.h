// SPDX-License-Identifier: MIT
// From S5 to S7: which messages are removed from the server, and when a removal counts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
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
  /// `hint`: what happens next to a message whose removal the server refused or did not confirm.
  Removals(AccountRun& run, pop3::Session& session,
           std::string_view hint =
               "delivered messages are not fetched again; the next run tries to remove them again")
      : run_(run), session_(session), hint_(hint) {}

  /// Asks for the removal of a message that this session has read itself and whose row is in S5, or in
  /// S4 of this run. No effect after QUIT was sent or stop() was called, or if the message is kept.
  void mark(std::uint32_t number, state::RowId row);
  /// Keeps the message on the server, because the server sent something else in its place.
  void keep(std::uint32_t number);
  /// Like mark(), for a message that was never delivered and that the user wants removed. Its row (0: there
  /// is none) is forgotten with it: if the message is listed again, it is new mail.
  void mark_undelivered(std::uint32_t number, state::RowId row);
  /// The row that mark() was given for this message; 0 if mark() was not called for it.
  [[nodiscard]] state::RowId row_of(std::uint32_t number) const;
  /// Whether QUIT would remove anything.
  [[nodiscard]] bool any() const noexcept { return asked() != 0; }
  /// A message was retrieved and is not safe: if a RETR alone removes messages, the session ends without
  /// QUIT.
  void retrieved_but_unsafe() noexcept { unsafe_ = true; }
  /// A message was retrieved whose row is in S5, or in S4 of this run.
  void retrieved(state::RowId row) { retrieved_.push_back(row); }
  /// Like retrieved_but_unsafe(), for a message that went into a pipe without -K, which would allow its
  /// removal.
  void retrieved_into_pipe() noexcept { piped_ = true; }
  /// Sends QUIT; what the server confirms is GONE. Returns the numbers removed, sorted. REQUIRES: no answer
  /// is owed, and what was delivered is recorded. Throws Error{temporary} when the removal was not confirmed.
  [[nodiscard]] std::vector<std::uint32_t> finish();
  /// The session ended early: nothing else is removed.
  void stop() noexcept { phase_ = Phase::over; }
  [[nodiscard]] bool quit_sent() const noexcept { return phase_ == Phase::quitting; }

 private:
  enum class Phase { open, quitting, over };
  [[nodiscard]] bool expires_at_quit() const { return session_.capabilities().expire_days == 0; }
  bool must_not_quit();
  void note_expiring();
  pop3::RemovalResult quit();
  void doubt(std::size_t unconfirmed);
  [[nodiscard]] std::size_t asked() const noexcept { return marked_.size() + undelivered_.size(); }
  [[noreturn]] void throw_unconfirmed(const pop3::RemovalResult& removal) const;
  [[nodiscard]] std::string uid_of(std::uint32_t number) const;
  void warn_of_refused(const pop3::RemovalResult& removal);
  void record(const std::vector<std::uint32_t>& numbers);

  AccountRun& run_;
  pop3::Session& session_;
  std::string hint_;
  std::unordered_map<std::uint32_t, state::RowId> marked_, undelivered_;
  std::unordered_set<std::uint32_t> kept_;
  std::vector<state::RowId> retrieved_;
  Phase phase_ = Phase::open;
  bool unsafe_ = false, piped_ = false;
};

}  // namespace mailhaul::engine
