// SPDX-License-Identifier: MIT
#include "delivery/buffered_file.h"

#include <fcntl.h>

namespace mailhaul::delivery {

namespace {
constexpr std::size_t full = 128U << 10U;
constexpr std::size_t large = 16U << 10U;  // from this size on, a write(2) is cheaper than a copy
constexpr std::uint64_t stride = 4U << 20U;
}  // namespace

BufferedFile::BufferedFile(int fd, util::Path path, WriteBack write_back)
    : fd_(fd), path_(std::move(path)), write_back_(write_back) {}

void BufferedFile::write(std::string_view bytes) {
  if (bytes.size() >= large || buffer_.size() + bytes.size() > full) write_out();
  if (bytes.size() >= large) {
    put(bytes);
  } else {
    buffer_.append(bytes);
  }
}

void BufferedFile::write_out() {
  put(buffer_);
  buffer_.clear();
}

void BufferedFile::put(std::string_view bytes) {
  if (bytes.empty()) return;
  util::write_all(fd_, bytes, path_);
  written_ += bytes.size();
  if (write_back_ == WriteBack::none || written_ - started_ < stride) return;
  // A failure does not matter: the flush writes what is left.
  ::sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE);
  started_ = written_;
}

}  // namespace mailhaul::delivery
