// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstddef>

namespace mailhaul::net {

/// How long one waits for a server. Only time spent waiting counts, so a slow disk is not blamed on it. No
/// clock inside.
class StallDetector {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr std::size_t bytes_per_second = 64;  ///< slower than this is as good as silent

  explicit StallDetector(std::chrono::milliseconds silence);

  void waited(Duration time) noexcept;
  void received(std::size_t bytes) noexcept;
  /// A new question went out. One that follows an answer counts like a second's bytes, or short answers one
  /// by one over a long way would look like a trickle.
  void asked() noexcept;

  bool silent() const noexcept { return quiet_ >= silence_; }
  bool trickling() const noexcept { return trickling_; }
  Duration left() const noexcept { return silent() ? Duration::zero() : silence_ - quiet_; }

 private:
  Duration silence_;
  Duration quiet_{0};   // waited since the last byte
  Duration window_{0};  // waited since the rate was looked at
  std::size_t bytes_ = 0;
  bool answered_ = true, trickling_ = false;
};

}  // namespace mailhaul::net
