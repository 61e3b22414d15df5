// SPDX-License-Identifier: MIT
// The mbox file: opened with care, locked against everybody.
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

/// How an mbox is locked, and how long others are waited for.
struct Locking {
  MboxLock kind = MboxLock::fcntl_dotlock;
  std::chrono::milliseconds patience{30'000};
};

/// A regular file of our own with one name, never through a symbolic link. Throws Error{cannot_create}
/// otherwise, Error{storage} when it is missing and to be refused.
util::Fd open_mbox_file(const util::Path& path, Missing missing);

/// An mbox, open and locked until destroyed.
class LockedMbox {
 public:
  /// Throws as open_mbox_file; Error{temporary} when others do not let go of it in time, Error{cancelled}.
  LockedMbox(const util::Path& path, const RunContext& context, const Locking& locking, Missing missing);

  int fd() const noexcept { return file_.get(); }
  const util::Path& path() const noexcept { return path_; }
  std::uint64_t bytes() const;
  ino_t inode() const;
  /// The newlines to put after `at` bytes so that the next entry stands after a blank line.
  std::string padding(std::uint64_t at) const;
  /// The SHA-256 of the 4 KiB before `at`, in hex: tells whether the file is still the one we knew.
  std::string hash_before(std::uint64_t at) const;
  bool without_dotlock() const noexcept { return forbidden_; }  ///< wanted, but the directory forbids it

 private:
  bool try_lock(const RunContext& context, const Locking& locking);

  util::Path path_;
  util::Fd file_;
  std::unique_ptr<Dotlock> dotlock_;  // goes before the file's lock does
  std::string busy_, busy_hint_;
  bool forbidden_ = false;
};

}  // namespace mailhaul::delivery
