// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstddef>

namespace mailhaul::net {

/// Decides when a server is too slow. Only time spent waiting counts, so that the server is not blamed for a
/// slow disk. This class has no clock of its own.
class StallDetector {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr std::size_t bytes_per_second = 64;  ///< less than this counts as silence

  explicit StallDetector(std::chrono::milliseconds silence);

  void waited(Duration time) noexcept;
  void received(std::size_t bytes) noexcept;
  /// A new command was sent. If it follows an answer, it counts as one second's worth of bytes: otherwise
  /// short answers, one by one on a slow line, would look like a trickle.
  void asked() noexcept;

  bool silent() const noexcept { return quiet_ >= silence_; }
  bool trickling() const noexcept { return trickling_; }
  Duration left() const noexcept { return silent() ? Duration::zero() : silence_ - quiet_; }

 private:
  Duration silence_;
  Duration quiet_{0};   ///< waited since the last byte
  Duration window_{0};  ///< waited since the rate was last checked
  std::size_t bytes_ = 0;
  bool answered_ = true, trickling_ = false;
};

}  // namespace mailhaul::net
