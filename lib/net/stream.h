// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mailhaul::net {

/// A connected, logged-in byte stream. One thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Queues bytes and sends what can be sent at once; never waits. The rest is sent while read() waits.
  virtual void write(std::string_view bytes) = 0;
  /// Waits for at least one byte, sending what is queued meanwhile; returns how many were stored, 0 at an
  /// orderly end. Throws Error{temporary} on failure or silence; Error{cancelled} 10 s after a cancel was
  /// requested (1.5 s after Ctrl-C), not before, so that what is on its way may be drained.
  virtual std::size_t read(std::span<char> into) = 0;
  /// How fast bytes have come at best; 0: not known yet.
  virtual std::uint64_t bytes_per_second() const noexcept = 0;
};

}  // namespace mailhaul::net
