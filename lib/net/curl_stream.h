// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>

#include "net/pace.h"
#include "net/stall_detector.h"
#include "net/stream.h"
#include "net/wire.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// The bytes of a session after the login. write() never waits, and read() sends while it waits, so that full
/// buffers cannot block both sides.
class CurlStream : public Stream {
 public:
  struct Limits {
    std::chrono::milliseconds silence{180'000};
    /// For how long reading goes on after a cancel was requested.
    std::chrono::milliseconds drain = util::usual_grace, drain_at_ctrl_c = util::grace_at_ctrl_c;
  };

  CurlStream(Wire wire, const Limits& limits, const util::Cancel& cancel);
  void write(std::string_view bytes) override;
  std::size_t read(std::span<char> into) override;
  std::uint64_t bytes_per_second() const noexcept override { return pace_.bytes_per_second(); }

 private:
  using Clock = std::chrono::steady_clock;
  void check_for_cancel();
  void wait();
  void check_for_stall() const;

  Wire wire_;
  Limits limits_;
  StallDetector stall_;
  Pace pace_;
  const util::Cancel& cancel_;
  std::optional<Clock::time_point> drained_at_;
};

}  // namespace mailhaul::net
