// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mailhaul::net {

/// How fast a server sends: the best rate of all periods of at least a twentieth of a second in which enough
/// bytes came. So a pause, the server's or ours, does not count. This class has no clock of its own.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds shortest_period{50};
  static constexpr std::uint64_t least_bytes = 65536;  ///< fewer say nothing: perhaps no more were requested

  /// `bytes` were read at `now`.
  void received(std::size_t bytes, Time now) noexcept;
  /// 0: not known yet.
  std::uint64_t bytes_per_second() const noexcept { return fastest_; }

 private:
  std::optional<Time> since_;
  std::uint64_t bytes_ = 0;  ///< since then
  std::uint64_t fastest_ = 0;
};

}  // namespace mailhaul::net
