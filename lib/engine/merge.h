// SPDX-License-Identifier: MIT
// Merges the rows that another database has recorded about a mailbox with those that are here.
#pragma once
#include <cstddef>
#include <vector>

#include "state/rows.h"

namespace mailhaul::engine {

struct KnownRow {
  state::Row row;
  bool has_landings = false;  ///< its delivery has begun here
};

struct Merged {
  std::vector<state::Row> changed;  ///< rows that are here, with their ids
  std::vector<state::Row> added;    ///< without ids
  std::size_t known = 0;            ///< rows of the other database whose messages are recorded here, too
};

/// A row that is here stays as it is, and gets what it lacks: the UIDL, the hashes. Only a message that is
/// pending here, and whose delivery has not begun, takes the standing that the other database has. Two rows
/// are about one message if they have the same UIDL and not two different contents, or else the same content.
/// A row is paired with one other at most. So if the databases have different numbers of equal messages, the
/// larger number is recorded in the end.
[[nodiscard]] Merged merge(const std::vector<KnownRow>& here, std::vector<state::Row> other);

}  // namespace mailhaul::engine
