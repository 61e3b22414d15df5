// SPDX-License-Identifier: MIT
#include "engine/removals.h"

#include <algorithm>

#include "engine/login.h"
#include "engine/uid.h"
#include "net/refusal.h"
#include "util/units.h"

namespace mailhaul::engine {

void Removals::mark(std::uint32_t number, state::RowId row) {
  if (phase_ != Phase::open || kept_.contains(number)) return;
  session_.remove(number);
  marked_[number] = row;
}

state::RowId Removals::row_of(std::uint32_t number) const {
  const auto found = marked_.find(number);
  return found != marked_.end() ? found->second : 0;
}

void Removals::keep(std::uint32_t number) {
  kept_.insert(number);
  unsafe_ = true;
}

void Removals::mark_undelivered(std::uint32_t number, state::RowId row) {
  if (phase_ != Phase::open) return;
  session_.remove(number);
  undelivered_[number] = row;
}

/// RFC 2449 section 6.7: with EXPIRE 0, the server removes at QUIT what was retrieved.
bool Removals::must_not_quit() {
  if (!expires_at_quit() || !(unsafe_ || piped_)) return false;
  run_.notices.warn(
      "the session was closed without QUIT: the server removes what was retrieved (EXPIRE 0), and not all of "
      "it is safe here",
      piped_ ? "use -K if the mail that went into the pipe may be removed"
             : "the next run fetches what is missing");
  return true;
}

/// If EXPIRE 0 removes mail that was to stay, a UIDL that is listed again may belong to another message: the
/// rows become suspect.
void Removals::note_expiring() {
  state::Change change{.suspected = retrieved_};
  change.suspected.insert(change.suspected.end(), run_.delivered_now.begin(), run_.delivered_now.end());
  if (!expires_at_quit() || !run_.policy.leave_on_server || change.empty()) return;
  run_.store.commit(run_.mailbox, change);
  run_.notices.warn_once("the server removes retrieved messages at the end of the session (EXPIRE 0)",
                         "\"leave_on_server\" cannot keep mail there", "EXPIRE 0");
}

std::vector<std::uint32_t> Removals::finish() {
  if (must_not_quit()) return {};
  note_expiring();
  // Deliveries of earlier runs need this, too: the last COMMIT of a killed run may not be durable yet.
  if (!marked_.empty()) run_.store.flush(run_.mailbox);
  phase_ = Phase::quitting;
  if (any()) run_.tell.removing(run_.account.name, static_cast<std::uint32_t>(asked()));
  auto removal = quit();  // the remaining DELEs (S6), then QUIT
  std::ranges::sort(removal.accepted);
  warn_of_refused(removal);
  if (removal.accepted.empty()) return {};
  if (!removal.committed) {
    doubt(removal.accepted.size());
    throw_unconfirmed(removal);
  }
  record(removal.accepted);
  return removal.accepted;
}

pop3::RemovalResult Removals::quit() {
  try {
    return session_.quit();
  } catch (const util::Error& error) {
    doubt(asked());
    if (error.kind() != util::Kind::cancelled || !any()) throw;
    throw util::Error(error.kind(),
                      std::string(error.what()) + "; the removal of " + util::counted(asked(), "message") +
                          " is not confirmed",
                      "mailhaul list " + run_.account.name + " shows what is still there");
  }
}

/// The messages may be gone, and their UIDLs in use for other messages: the rows become suspect.
void Removals::doubt(std::size_t unconfirmed) {
  run_.totals.unconfirmed = static_cast<std::uint32_t>(unconfirmed);
  state::Change change;
  for (const auto& [number, row] : marked_) change.suspected.push_back(row);
  run_.store.commit(run_.mailbox, change);
}

void Removals::throw_unconfirmed(const pop3::RemovalResult& removal) const {
  const util::Error error(
      util::Kind::temporary,
      "the server did not confirm the removal of " + util::counted(removal.accepted.size(), "message") +
          ": " + (removal.quit_refused ? "it answered QUIT with -ERR " : "") + removal.quit_answer,
      hint_);
  if (!removal.quit_refused) throw util::Error(error);
  throw net::RefusedError(error, net::understand(removal.quit_answer, util::Kind::temporary));
}

std::string Removals::uid_of(std::uint32_t number) const {
  const auto undelivered = undelivered_.find(number);
  const auto id = undelivered == undelivered_.end() ? row_of(number) : undelivered->second;
  const auto row = id == 0 ? std::nullopt : run_.store.row(run_.mailbox, id);
  if (!row) return shown_uid({.number = number, .uidl = {}}, std::nullopt);
  return shown_uid({.number = number, .bytes = row->bytes, .uidl = row->uidl}, row->header);
}

void Removals::warn_of_refused(const pop3::RemovalResult& removal) {
  if (removal.refused.empty()) return;
  const auto& [number, words] = removal.refused.front();
  const auto count = removal.refused.size();
  const std::string sentence = "the server refused to remove " +
                               (count == 1 ? "message " + uid_of(number)
                                           : util::counted(count, "message") + ", first " + uid_of(number)) +
                               ": -ERR " + words;
  const auto meant = net::understand(words, util::Kind::temporary);
  if (meant.reason != net::Reason::limit) return run_.notices.warn_once(sentence, hint_, "DELE refused");
  note_limit(run_.account, run_.environment, run_.server, meant);
  run_.notices.message_failed({meant.kind, sentence, meant.hint}, {});
}

void Removals::record(const std::vector<std::uint32_t>& numbers) {  // S7
  state::Change change;
  for (const auto number : numbers) {
    const auto undelivered = undelivered_.find(number);
    if (undelivered == undelivered_.end()) {
      change.removed.push_back({.row = marked_.at(number), .when = run_.environment.now()});
    } else if (undelivered->second != 0) {
      change.forgotten.push_back(undelivered->second);
    }
  }
  const auto count = static_cast<std::uint32_t>(numbers.size());
  run_.totals.removed += count;
  run_.totals.left -= count;
  run_.store.commit(run_.mailbox, change);
}

}  // namespace mailhaul::engine
