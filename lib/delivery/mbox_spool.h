// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "delivery/destination.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// The file that holds a batch on its way into an mbox. The destructor removes it unless keep() was called.
class Spool {
 public:
  /// Throws Error{cannot_create | storage}.
  Spool(const RunContext& context, const std::string& name);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  int fd() const noexcept { return file_.get(); }
  const util::Path& path() const noexcept { return path_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  void grew(std::uint64_t bytes) { bytes_ += bytes; }
  void cut_back() noexcept;  ///< truncates to bytes(), after an entry was abandoned
  void sync();               ///< flushes the file and its directory to disk
  void keep() noexcept { kept_ = true; }

 private:
  util::Path path_;
  util::Fd file_;
  std::uint64_t bytes_ = 0;
  bool kept_ = false;
};

/// The end of the names of all spools for one target.
std::string spool_suffix(const std::string& target);

}  // namespace mailhaul::delivery
