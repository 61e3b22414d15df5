// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>

#include "net/stall_detector.h"
#include "net/stream.h"
#include "net/wire.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// A session's bytes after the login: never waits to write, and reads while it waits, so that neither side
/// can be stuck with full buffers.
class CurlStream : public Stream {
 public:
  struct Limits {
    std::chrono::milliseconds silence{180'000};
    std::chrono::milliseconds drain{10'000};  ///< how long is read on after a cancel was requested
  };

  CurlStream(Wire wire, const Limits& limits, const util::Cancel& cancel);
  void write(std::string_view bytes) override;
  std::size_t read(std::span<char> into) override;

 private:
  using Clock = std::chrono::steady_clock;
  void mind_cancel();
  void wait();
  void check_for_stall() const;

  Wire wire_;
  Limits limits_;
  StallDetector stall_;
  const util::Cancel& cancel_;
  std::optional<Clock::time_point> drained_at_;
};

}  // namespace mailhaul::net
