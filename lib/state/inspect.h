// SPDX-License-Identifier: MIT
// Reads the database and writes nothing, not even the files that SQLite keeps beside it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "state/rows.h"
#include "util/file.h"

namespace mailhaul::state {

/// A mailbox after its last run.
struct InspectedMailbox {
  std::string user, host;
  std::uint16_t port = 0;
  std::uint32_t refused_logins = 0;  ///< in a row
  std::optional<Time> not_before;    ///< no login before this, because of a refusal or a limit
};

struct Inspection {
  bool exists = false;
  /// There is a journal beside it: a run is going on, or the last one was killed. Then version and mailboxes
  /// are not read.
  bool has_journal = false;
  std::int64_t version = 0;
  std::uint64_t bytes = 0;
  std::vector<InspectedMailbox> mailboxes;
};

/// Reads all of the database and checks that it is whole. Throws Error{storage | config}, with what to do as
/// its hint, if a run could not use the database.
[[nodiscard]] Inspection inspect(const util::Path& file);

}  // namespace mailhaul::state
