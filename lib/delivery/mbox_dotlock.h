// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "delivery/destination.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// MBOX.lock, the lock that older mail programs respect. REQUIRES: the kernel lock of the mbox is held.
/// A file with our instance in it was then left by a killed run and is taken over. So is another program's
/// file if its process is gone, or if it is older than a day and names no process on this machine.
class Dotlock {
 public:
  Dotlock(const util::Path& mbox, const RunContext& context);
  Dotlock(const Dotlock&) = delete;
  Dotlock& operator=(const Dotlock&) = delete;
  ~Dotlock();  ///< removes the file if it was taken

  enum class Answer { taken, busy, forbidden, none };
  /// `forbidden`: neither we nor dotlockfile(1) may create the file; `none`: dotlockfile(1) was killed.
  /// Throws Error{storage}.
  [[nodiscard]] Answer try_take();
  const util::Path& path() const noexcept { return path_; }

 private:
  enum class Held { no, by_us, by_program };
  [[nodiscard]] Answer create();
  [[nodiscard]] Answer take_over();
  [[nodiscard]] Answer ask_program();
  std::string content() const;

  const RunContext& context_;
  util::Path path_;
  Held held_ = Held::no;
};

[[nodiscard]] bool dotlockfile_installed();  ///< dotlockfile(1) may lock in directories where we may not

/// True if MBOX.lock names our instance, or another mailhaul whose process is gone.
[[nodiscard]] bool left_by_us(const util::Path& mbox, const RunContext& context);

}  // namespace mailhaul::delivery
