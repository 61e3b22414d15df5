// SPDX-License-Identifier: MIT
#include "delivery/mbox_segments.h"

#include <fcntl.h>

#include <algorithm>

namespace mailhaul::delivery {

Segments::Segments(std::string padding, int file, util::Path path)
    : padding_(std::move(padding)), file_(file), path_(std::move(path)), bytes_(padding_.size()) {}

void Segments::add(Extent extent) {
  bytes_ += extent.length;
  if (!extents_.empty() && extents_.back().from + extents_.back().length == extent.from) {
    extents_.back().length += extent.length;
  } else {
    extents_.push_back(extent);
  }
}

std::size_t Segments::read(std::uint64_t at, std::span<char> into) const {
  std::size_t done = 0;
  if (at < padding_.size()) done = padding_.copy(into.data(), into.size(), at);
  std::uint64_t start = padding_.size();
  for (const auto& extent : extents_) {
    const auto skip = at + done - start;
    start += extent.length;
    if (done == into.size() || skip >= extent.length) continue;
    const auto want = std::min<std::uint64_t>(extent.length - skip, into.size() - done);
    const auto got =
        util::pread_all(file_, into.subspan(done, want), static_cast<off_t>(extent.from + skip), path_);
    done += got;
    if (got < want) break;
  }
  return done;
}

void write_segments(const Segments& segments, int mbox, std::uint64_t at, const util::Path& path) {
  constexpr std::uint64_t stride = 4U << 20U;
  std::vector<char> piece(256U << 10U);
  for (std::uint64_t done = 0, started = 0; done < segments.bytes();) {
    const auto got = segments.read(done, piece);
    if (got == 0)
      throw util::Error(util::Kind::storage,
                        "the spool for " + path.native() + " is shorter than it should be");
    util::pwrite_all(mbox, {piece.data(), got}, static_cast<off_t>(at + done), path);
    done += got;
    if (done - started < stride) continue;
    // The disk works while we copy. A failure does not matter: the flush writes what is left.
    ::sync_file_range(mbox, static_cast<off_t>(at + started), static_cast<off_t>(done - started),
                      SYNC_FILE_RANGE_WRITE);
    started = done;
  }
}

}  // namespace mailhaul::delivery
