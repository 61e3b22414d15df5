// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>

#include "util/file.h"

namespace mailhaul::app {

/// Remembers, beside the database and over all runs, that a trouble was told, so that -q tells it when it
/// begins and then once a day. One thread at a time.
class OnceADay {
 public:
  /// `name`: of the file; it is there as long as the trouble.
  OnceADay(const util::Path& state_file, std::string_view name) : file_(state_file.parent_path() / name) {}
  /// Whether it is to be told now; notes that it is. Always true where nothing can be noted.
  [[nodiscard]] bool is_due();
  /// The trouble is over, or never was. Asks the disk once.
  void end();

 private:
  util::Path file_;
  bool is_over_ = false;
};

}  // namespace mailhaul::app
