// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/file.h"
#include "util/host.h"

namespace mailhaul::delivery {

/// Flushes the new files of one directory to disk, a batch at a time. This is at least as safe as an fsync(2)
/// of each file and of the directory; where the file system allows it, one syncfs(2) flushes many files.
class Flusher {
 public:
  /// REQUIRES: `directory` was opened before the first file is written, because syncfs(2) reports to a
  /// descriptor only the errors that occur after it was opened. The descriptor outlives the flusher.
  Flusher(int directory, util::Path path, util::Medium medium);
  void add(util::Fd file, std::string name);  ///< adds a file that is written; errors are thrown by flush()
  void drop(std::string_view name);           ///< forgets a file that is no longer wanted
  /// S2: flushes all added files and the directory. If it throws Error{storage}, the whole batch is lost.
  void flush();
  void free_descriptors();  ///< closes files early, for when descriptors have run out

 private:
  struct File {
    util::Fd fd;
    std::string name;
  };
  void sync_each();
  void close_each();
  void sync_file_system();
  void note(int result, std::string_view name);

  int directory_;
  util::Path path_;
  bool one_for_all_;
  std::vector<File> open_;
  std::size_t closed_ = 0;              ///< written and closed, not yet durable
  std::optional<util::Error> failure_;  ///< the first one, thrown by flush()
};

}  // namespace mailhaul::delivery
