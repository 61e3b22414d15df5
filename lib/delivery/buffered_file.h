// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "util/file.h"

namespace mailhaul::delivery {

/// Whether the kernel should start writing to disk early: useful for a file that is flushed later.
enum class WriteBack { early, none };

/// Writes to a borrowed descriptor, at its offset, through a buffer. Throws Error{storage}.
class BufferedFile {
 public:
  BufferedFile(int fd, util::Path path, WriteBack write_back);
  void write(std::string_view bytes);
  void write_out();  ///< gives the kernel what is buffered
  std::uint64_t bytes() const noexcept { return written_ + buffer_.size(); }

 private:
  void put(std::string_view bytes);

  int fd_;
  util::Path path_;
  WriteBack write_back_;
  std::string buffer_;
  std::uint64_t written_ = 0, started_ = 0;
};

}  // namespace mailhaul::delivery
