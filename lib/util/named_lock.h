// SPDX-License-Identifier: MIT
// Who holds a lock. Locks of open files (F_OFD_SETLK), which a child may inherit, name nobody; a flock(2)
// lock on the same file does, in /proc/locks, and costs no write.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <optional>

#include "util/file.h"

namespace mailhaul::util {

/// Lets others find this process as the holder of the lock that it has on this file.
void name_holder(int fd) noexcept;

struct LockHolder {
  pid_t pid = 0;
  std::chrono::seconds age{0};  ///< since the process was started
};
/// The process that has named itself; empty if it cannot be told, as from another container.
[[nodiscard]] std::optional<LockHolder> holder_of(const Path& path);

}  // namespace mailhaul::util
