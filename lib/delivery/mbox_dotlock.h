// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "delivery/destination.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// MAILBOX.lock, which older mail programs heed. REQUIRES: the mailbox's kernel lock is held. One that bears
/// our instance is then left over from a run that was killed, and is taken over; so is another program's
/// whose process is gone, or that is older than a day and does not tell whose it is.
class Dotlock {
 public:
  Dotlock(const util::Path& mailbox, const RunContext& context);
  Dotlock(const Dotlock&) = delete;
  Dotlock& operator=(const Dotlock&) = delete;
  ~Dotlock();  ///< removes it, if taken

  enum class Answer { taken, busy, forbidden };
  /// Forbidden: the directory allows no such file, to us or to dotlockfile(1). Throws Error{storage}.
  Answer try_take();
  const util::Path& path() const noexcept { return path_; }

 private:
  enum class Held { no, by_us, by_program };
  Answer create();
  Answer take_over();
  Answer ask_program();
  std::string content() const;

  const RunContext& context_;
  util::Path path_;
  Held held_ = Held::no;
};

bool dotlockfile_installed();  ///< the program that may lock where we may not

/// True when MAILBOX.lock bears our instance, or another mailhaul's whose process is gone.
bool left_by_us(const util::Path& mailbox, const RunContext& context);

}  // namespace mailhaul::delivery
