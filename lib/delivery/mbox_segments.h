// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "util/file.h"

namespace mailhaul::delivery {

/// A range of bytes in a file.
struct Extent {
  std::uint64_t from = 0, length = 0;
};

/// The bytes to be written to an mbox: padding, then ranges of another file.
class Segments {
 public:
  /// `file` is borrowed.
  Segments(std::string padding, int file, util::Path path);
  void add(Extent extent);
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Reads into.size() bytes from `at` on; fewer only at the end of the segments or of the file.
  std::size_t read(std::uint64_t at, std::span<char> into) const;

 private:
  std::string padding_;
  int file_;
  util::Path path_;
  std::vector<Extent> extents_;  ///< adjacent ones are joined; there is rarely more than one
  std::uint64_t bytes_;
};

/// Writes all of the segments to an open mbox, from `at` on. Throws Error{storage}.
void write_segments(const Segments& segments, int mbox, std::uint64_t at, const util::Path& path);

}  // namespace mailhaul::delivery
