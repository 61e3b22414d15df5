// SPDX-License-Identifier: MIT
// The mbox file: what is refused when it is opened, and how it is locked against other programs.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "delivery/destination.h"
#include "delivery/mbox_dotlock.h"
#include "util/file.h"

namespace mailhaul::delivery {

enum class MboxLock { fcntl_dotlock, fcntl };

enum class Missing { create, refuse };

/// How an mbox is locked, and how long to wait for the locks of others.
struct Locking {
  MboxLock kind = MboxLock::fcntl_dotlock;
  std::chrono::milliseconds lock_timeout{30'000};
};

/// Opens a regular file that is ours and has one name, never through a symbolic link. Throws
/// Error{cannot_create} for anything else, Error{storage} if it is missing and must not be created.
util::Fd open_mbox_file(const util::Path& path, Missing missing);

/// An mbox, open and locked until destroyed.
class LockedMbox {
 public:
  /// Throws like open_mbox_file(); Error{temporary} if others hold their lock for too long; Error{cancelled}.
  LockedMbox(const util::Path& path, const RunContext& context, const Locking& locking, Missing missing);

  int fd() const noexcept { return file_.get(); }
  const util::Path& path() const noexcept { return path_; }
  std::uint64_t bytes() const;
  ino_t inode() const;
  /// The newlines to write after the first `at` bytes, so that an empty line precedes the next entry.
  std::string padding(std::uint64_t at) const;
  /// The SHA-256 of the 4 KiB before `at`, in hex. Shows whether others have changed the file there.
  std::string hash_before(std::uint64_t at) const;
  /// True if a dotlock was wanted, but the directory does not allow one.
  bool without_dotlock() const noexcept { return forbidden_; }

 private:
  [[nodiscard]] bool try_lock(const RunContext& context, const Locking& locking);
  [[nodiscard]] bool is_unchanged();

  util::Path path_;
  util::Fd file_;
  std::unique_ptr<Dotlock> dotlock_;  ///< released before the file's own lock
  std::string busy_, busy_hint_;
  bool forbidden_ = false;
};

}  // namespace mailhaul::delivery
