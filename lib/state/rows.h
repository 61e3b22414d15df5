// SPDX-License-Identifier: MIT
// What is stored: plain data.
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
using RowId = std::int64_t;  ///< of a message, unique within its mailbox only; from 1

enum class Standing : std::uint8_t {
  pending,    ///< known, not (wholly) delivered: open landings, or something was told about it
  seen,       ///< marked by hand or import: never fetched, never removed
  delivered,  ///< S5
  gone        ///< S7: the server confirmed the removal
};

/// One message, as stored. Times are wall clock, in seconds.
struct Row {
  RowId id = 0;
  Standing standing = Standing::pending;
  std::string uidl;                           ///< bytes, any length and content; empty: none
  std::uint64_t bytes = 0;                    ///< LIST size when last seen
  std::optional<util::Hash> header, content;  ///< SHA-256; absent for rows that were only marked
  std::uint32_t ordinal = 0;  ///< among messages equal in (header, bytes) in one listing; from 0
  std::optional<Time> delivered, gone;
  std::optional<Time> due;  ///< marked for removal by delete_after in a run at this time
  /// Delivered or recognised in a session that ended in doubt: compare it with the server's message (TOP)
  /// before it is believed.
  bool suspect = false;
  /// Pending: how often it could not be retrieved or delivered. Such messages come after all others.
  std::uint32_t failures = 0;
  bool told = false;  ///< the user was told why it stays (max_size): -q says it once
};

enum class LandingState : std::uint8_t { intent, tried, delivered, doubt };

/// One message in one destination. Kept until the message is delivered everywhere.
struct Landing {
  RowId row = 0;
  std::string target, ticket;  ///< delivery::Ticket, verbatim
  LandingState state = LandingState::intent;
};

/// S5: a stored row is delivered everywhere; its landings go.
struct Delivery {
  RowId row = 0;
  Standing standing = Standing::delivered;
  Time when;
};

/// S7: the server confirmed the removal of a stored row's message.
struct ConfirmedRemoval {
  RowId row = 0;
  Time when;
};

/// What one transaction changes. Rows are inserted or replaced whole, by id; landings by (row, target).
struct Change {
  std::vector<Row> rows;
  std::vector<Landing> landings;
  std::vector<Delivery> delivered;
  std::vector<ConfirmedRemoval> removed;
  std::vector<RowId> settled;    ///< rows whose landings go
  std::vector<RowId> forgotten;  ///< rows and their landings go
  bool empty() const noexcept {
    return rows.empty() && landings.empty() && delivered.empty() && removed.empty() && settled.empty() &&
           forgotten.empty();
  }
};

/// What is remembered of a server between sessions; stored with the mailbox.
struct Server {
  std::string login_method;              ///< the net::LoginMethod that worked last
  std::optional<Time> one_by_one_until;  ///< its pipelining is broken
  std::uint32_t border_breaks = 0;       ///< silence or end at an answer's border while pipelining, so far
  std::uint32_t refused_logins = 0;      ///< in a row
  std::optional<Time> not_before;        ///< no login before this (back-off, LOGIN-DELAY)
  std::string login_mark;  ///< fingerprint of the profile that was refused; holds nothing of the secret
  std::optional<Time> failing_since;  ///< temporary trouble, without a good run since
  bool trouble_told = false;          ///< -q has told it
  bool operator==(const Server&) const = default;
};

enum class Durability { synced, unsynced };  ///< unsynced: survives kill -9, not a power cut

}  // namespace mailhaul::state
