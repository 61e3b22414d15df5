// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "util/file.h"

namespace mailhaul::app {

/// Remembers, beside the database and over all runs, that a trouble was told, so that -q tells it when it
/// begins, when it becomes another one, and then once a day. One thread at a time.
class OnceADay {
 public:
  /// `name`: of the file; it is there as long as the trouble.
  OnceADay(const util::Path& state_file, std::string_view name) : file_(state_file.parent_path() / name) {}
  /// Whether it is to be told now; notes that it is. Always true if nothing can be noted. `trouble`: what
  /// it is, if there are several kinds.
  [[nodiscard]] bool is_due(std::string_view trouble = {});
  /// The trouble is over, or never was. Asks the disk once.
  void end();

 private:
  [[nodiscard]] bool was_told_lately(const std::string& mark) const;

  util::Path file_;  ///< its time is when it was told, its content the hash of what was told
  bool is_over_ = false;
};

}  // namespace mailhaul::app
