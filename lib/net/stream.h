// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
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
  /// requested, not before, so that what is on its way may be drained.
  virtual std::size_t read(std::span<char> into) = 0;
};

}  // namespace mailhaul::net
