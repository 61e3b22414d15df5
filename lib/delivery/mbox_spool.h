// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "delivery/destination.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// The file that holds a batch on its way into an mbox. Removed when destroyed, until keep() is called.
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
  void cut_back() noexcept;  ///< to bytes(): an entry was given up
  void sync();               ///< the file and its directory
  void keep() noexcept { kept_ = true; }

 private:
  util::Path path_;
  util::Fd file_;
  std::uint64_t bytes_ = 0;
  bool kept_ = false;
};

/// What the names of the spools for one target end with.
std::string spool_suffix(const std::string& target);

}  // namespace mailhaul::delivery
