// SPDX-License-Identifier: MIT
// Finds the process that holds a lock. /proc/locks names no process for the lock of an open file
// (F_OFD_SETLK), which a child may inherit, but it does for a flock(2) lock on the same file. Such a lock
// costs no write.
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
/// The process that has called name_holder() for this file; empty if it cannot be found, for example from
/// another container.
[[nodiscard]] std::optional<LockHolder> holder_of(const Path& path);

}  // namespace mailhaul::util
