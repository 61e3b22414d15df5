// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "util/file.h"

namespace mailhaul::delivery {

/// Part of a file.
struct Extent {
  std::uint64_t from = 0, length = 0;
};

/// What is to stand in a mailbox: padding, then extents of another file.
class Segments {
 public:
  /// `file` is borrowed.
  Segments(std::string padding, int file, util::Path path);
  void add(Extent extent);
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Up to into.size() bytes at `at`; fewer only at the end of the segments or of its file.
  std::size_t read(std::uint64_t at, std::span<char> into) const;

 private:
  std::string padding_;
  int file_;
  util::Path path_;
  std::vector<Extent> extents_;  // neighbours are joined: there is hardly ever more than one
  std::uint64_t bytes_;
};

/// Writes all of it at `at` into an open mailbox. Throws Error{storage}.
void write_segments(const Segments& segments, int mbox, std::uint64_t at, const util::Path& path);

}  // namespace mailhaul::delivery
