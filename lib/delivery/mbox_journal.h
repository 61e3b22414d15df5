// SPDX-License-Identifier: MIT
// A write into a mailbox that recovery found it has to make: on disk before it begins, so that recovery
// itself may be killed at any point.
#pragma once
#include <cstdint>

#include "delivery/mbox_file.h"
#include "delivery/mbox_segments.h"

namespace mailhaul::delivery {

/// How much of `segments` the mailbox may hold, `at` being where it begins.
struct Rewrite {
  const Segments& segments;
  std::uint64_t at = 0;
  std::uint64_t torn =
      0;  ///< so many bytes of the segments were there before, and behind them the rest of the file
};

/// Puts the segments, and behind it what now stands behind its torn part, at its place, durably. `journal` is
/// the file that says so meanwhile.
void rewrite(const LockedMbox& mbox, const Rewrite& change, const util::Path& journal);

/// Completes what rewrite() began when it was killed. When others have changed the mailbox since, all of it
/// goes to the end: true, some may be there twice.
[[nodiscard]] bool complete_journal(const LockedMbox& mbox, const util::Path& journal);

/// True when all of the mailbox from `at` on is a part of the segments, or zeros where a power cut left them.
bool is_part_of(const LockedMbox& mbox, const Segments& segments, std::uint64_t at);
/// How many bytes of the segments stand at `at` as they should.
std::uint64_t common_bytes(const LockedMbox& mbox, const Segments& segments, std::uint64_t at);

}  // namespace mailhaul::delivery
