// SPDX-License-Identifier: MIT
// Recovery may have to rewrite the end of an mbox. It first records the rewrite in a journal on disk, so
// that it can be killed at any point: the next recovery completes the rewrite from the journal.
#pragma once
#include <cstdint>

#include "delivery/mbox_file.h"
#include "delivery/mbox_segments.h"

namespace mailhaul::delivery {

/// What is written, and where.
struct Rewrite {
  const Segments& segments;
  std::uint64_t at = 0;  ///< the offset in the mbox
  /// How many bytes of `segments` an interrupted write had left at `at`. Mail that another program appended
  /// after them is moved behind `segments`.
  std::uint64_t torn = 0;
};

/// Writes the segments at their offset, followed by the mail that stood after the torn part, and flushes.
/// `journal` is the file that records the rewrite meanwhile. Throws Error{storage}.
void rewrite(const LockedMbox& mbox, const Rewrite& change, const util::Path& journal);

/// Completes a rewrite() that was killed. Returns true if others have changed the mbox since: then all of
/// the journal was appended, and some messages may be there twice.
[[nodiscard]] bool complete_journal(const LockedMbox& mbox, const util::Path& journal);

/// True if the segments begin with the bytes of the mbox from `at` to its end. Any of these bytes may also
/// be zero, as a power cut leaves it.
bool is_part_of(const LockedMbox& mbox, const Segments& segments, std::uint64_t at);
/// How many bytes of the mbox from `at` on are equal to the segments.
std::uint64_t common_bytes(const LockedMbox& mbox, const Segments& segments, std::uint64_t at);

}  // namespace mailhaul::delivery
