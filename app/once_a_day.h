// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "util/file.h"

namespace mailhaul::app {

/// Remembers in a file beside the database, over all runs, that trouble was reported, so that -q reports it
/// when it begins, when it changes, and then once a day. One thread at a time.
class OnceADay {
 public:
  /// `name`: the name of the file, which exists as long as the trouble lasts.
  OnceADay(const util::Path& state_file, std::string_view name) : file_(state_file.parent_path() / name) {}
  /// Whether the trouble is to be reported now; if so, records that it was. Always true if nothing can be
  /// recorded. `trouble`: which trouble it is, if there are several kinds.
  [[nodiscard]] bool is_due(std::string_view trouble = {});
  /// The trouble is over, or never was. Repeated calls use the disk only once.
  void end();

 private:
  [[nodiscard]] bool was_told_lately(const std::string& mark) const;

  util::Path file_;  ///< its time: when the trouble was reported; its content: a hash of the trouble
  bool is_over_ = false;
};

}  // namespace mailhaul::app
