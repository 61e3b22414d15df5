// SPDX-License-Identifier: MIT
// The data that is stored.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/digest.h"

namespace mailhaul::state {

using Time = std::chrono::sys_seconds;
using MailboxId = std::int64_t;
using RowId = std::int64_t;  ///< of a message: 1 or more, unique within its mailbox

enum class Standing : std::uint8_t {
  pending,  ///< known, but not delivered everywhere
  seen,  ///< marked by the user, or handed to standard output (`delivered` says when): never fetched, never
         ///< removed
  delivered,  ///< S5: everywhere
  gone        ///< S7: the server confirmed the removal
};

/// One message. Times are by the wall clock.
struct Row {
  RowId id = 0;
  Standing standing = Standing::pending;
  std::string uidl;                           ///< any bytes; empty when there is none
  std::uint64_t bytes = 0;                    ///< the size that LIST had last; 0: imported, not listed yet
  std::optional<util::Hash> header, content;  ///< SHA-256; a row that was only marked may have none
  std::uint32_t ordinal = 0;  ///< from 0, among messages of one listing whose header and bytes are equal
  std::optional<Time> delivered, gone;
  std::optional<Time> due;  ///< when a run marked it for removal (delete_after)
  /// It was delivered or recognised in a session that ended in doubt, or was absent from a listing: it has to
  /// be compared with the server's message.
  bool suspect = false;
  /// How often a pending message could not be retrieved or delivered. Such messages come after all others.
  std::uint32_t failures = 0;
  bool told = false;  ///< the user was told why it stays on the server (max_size): -q says so only once
  /// How many bytes of the message were received, if it is delivered or too large for max_size. 0: as many as
  /// `bytes`, or not known.
  std::uint64_t received_bytes = 0;
  bool remade = false;  ///< the server makes its body anew at each RETR: the header decides
};

enum class LandingState : std::uint8_t { intent, tried, delivered, doubt };

/// The delivery of one message to one destination. Kept until the message is delivered everywhere.
struct Landing {
  RowId row = 0;
  /// delivery::Ticket, verbatim. Without a ticket there is nothing to recover: the message is still to be
  /// handed over or, if the state is `delivered`, was found in the place.
  std::string target, ticket;
  LandingState state = LandingState::intent;
};

/// S5: the message of a stored row is delivered everywhere. Its landings are removed.
struct Delivery {
  RowId row = 0;
  Standing standing = Standing::delivered;
  Time when;
};

/// False if the row records no more of its message than the size.
inline bool names_its_message(const Row& row) { return !row.uidl.empty() || row.header || row.content; }

/// S7: the server has confirmed that it removed the message of a stored row.
struct ConfirmedRemoval {
  RowId row = 0;
  Time when;
};

/// What one transaction changes. A row replaces the row with the same id, a landing the one with the same row
/// and target.
struct Change {
  std::vector<Row> rows;
  std::vector<Landing> landings;
  std::vector<Delivery> delivered;
  std::vector<ConfirmedRemoval> removed;
  std::vector<RowId> suspected;         ///< rows that become suspect, after the changes above
  std::vector<RowId> without_landings;  ///< rows whose landings are removed
  std::vector<RowId> forgotten;         ///< rows that are removed, with their landings
  bool empty() const noexcept {
    return rows.empty() && landings.empty() && delivered.empty() && removed.empty() && suspected.empty() &&
           without_landings.empty() && forgotten.empty();
  }
};

/// What is remembered of a server between sessions. It is stored with the mailbox.
struct Server {
  std::string login_method;  ///< the net::LoginMethod that worked last
  /// The server's pipelining is broken: until this time messages are asked for one by one.
  std::optional<Time> one_by_one_until;
  bool sizes_are_off = false;        ///< the sizes in LIST are wrong, or change for equal content
  std::uint32_t border_breaks = 0;   ///< how often a session that pipelined ended exactly between two answers
  std::uint32_t refused_logins = 0;  ///< in a row
  std::optional<Time> not_before;    ///< the next login is not tried before this (back-off, LOGIN-DELAY)
  /// Fingerprint of the profile that was refused, without anything of the secret. Empty: nothing was refused,
  /// and `not_before` is only what the server announced.
  std::string login_mark;
  std::optional<Time> failing_since;  ///< since then every run has met temporary trouble
  std::optional<Time> trouble_told;   ///< when -q last reported the trouble
  int told_status = 0;                ///< the exit status of the trouble that was reported; 0: not known
  bool operator==(const Server&) const = default;
};

/// How the last runs on a mailbox ended: shown to people, and used to decide when the server is asked again
/// and what is offered to a place that refuses. No mail depends on it.
struct LastRun {
  Time ended;                         ///< the last run
  std::optional<Time> asked;          ///< the last run that was to ask the server
  std::optional<Time> succeeded;      ///< the last run without an error
  std::optional<Time> mail;           ///< the last run that delivered something
  std::optional<Time> failing_since;  ///< since then each run has failed
  int status = 0;                     ///< the exit status of the last run
  std::string error, hint;            ///< what went wrong in it; empty: nothing
  std::uint32_t listed = 0;           ///< messages that stayed on the server, as far as it was asked
  std::uint32_t waiting = 0;          ///< of these, those that are not delivered
  std::uint64_t waiting_bytes = 0;
  std::optional<Time> certificate_until;  ///< when the server's certificate ends, as far as it is known
  std::string refusing;  ///< the places that refused everything: engine::RefusingPlaces::text()
  bool operator==(const LastRun&) const = default;
};

enum class Durability { synced, unsynced };  ///< what is unsynced survives kill -9, but not a power cut

}  // namespace mailhaul::state
