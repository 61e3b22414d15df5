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

/// Makes the new files of one directory durable, a batch at a time: never weaker than fsync of each file and
/// of the directory. Many files on a file system that allows it: one syncfs(2) for all.
class Flusher {
 public:
  /// `directory` is open before the first file is written (syncfs tells a descriptor of errors since its
  /// opening) and outlives this.
  Flusher(int directory, util::Path path, util::Medium medium);
  void add(util::Fd file, std::string name);  ///< one more, written; nothing is thrown before flush()
  void drop(std::string_view name);           ///< it is no more wanted
  /// S2: all that were added, and the directory. A throw (Error{storage}) gives up the whole batch.
  void flush();
  void free_descriptors();  ///< when descriptors have run out

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
  std::size_t closed_ = 0;              // written and closed, not yet durable
  std::optional<util::Error> failure_;  // the first one, told by flush()
};

}  // namespace mailhaul::delivery
