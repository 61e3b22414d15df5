// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>
#include <utility>

#include "util/error.h"

namespace mailhaul::util {

/// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();  ///< closes; ignores an error of close(2)

  void close_checked(Kind kind, std::string_view path);  ///< closes; throws Error{kind} when close(2) fails
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace mailhaul::util
