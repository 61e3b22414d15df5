// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/curl_handle.h"

namespace mailhaul::net {

/// Sends and receives on an open connection without waiting: calls CurlHandle's send() and receive(), and
/// avoids their pitfalls. One thread at a time.
class Wire {
 public:
  /// `curl` has connected to `address`, "host:port".
  Wire(std::unique_ptr<CurlHandle> curl, std::string address);

  /// Sends what can be sent at once and keeps the rest for send_queued(). A failure is reported by receive(),
  /// after what had arrived before it.
  void queue(std::string_view bytes);
  /// Sends more of what is queued, without waiting.
  void send_queued();

  /// Returns how many bytes were stored, 0 at the end of the stream, nothing if one has to wait() first.
  /// Throws Error{temporary} "connection to HOST:PORT lost: ...".
  [[nodiscard]] std::optional<std::size_t> receive(std::span<char> into);

  /// Sleeps until bytes may be received or sent, `wake_fd` (or -1) is readable, or the time is over.
  /// REQUIRES: receive() has just returned nothing; bytes that TLS has already decrypted do not wake poll(2).
  void wait(std::chrono::milliseconds limit, int wake_fd) const;

  /// Gives back the handle; the wire cannot be used any more. REQUIRES: nothing is queued.
  std::unique_ptr<CurlHandle> release() { return std::move(curl_); }

  /// CurlHandle::end_of_tunnel()
  [[nodiscard]] std::string end_of_tunnel() { return curl_->end_of_tunnel(); }

  const std::string& address() const noexcept { return address_; }

 private:
  bool pending() const noexcept { return sent_ < filled_ || taken_ < behind_.size(); }
  void refill();
  [[noreturn]] void lost(const std::string& words) const;

  std::unique_ptr<CurlHandle> curl_;
  std::string address_;
  int socket_ = -1;
  // OpenSSL demands that a send that could not be completed is repeated from the same place with no fewer
  // bytes. So this buffer neither moves nor changes until all of it is sent; new bytes wait in behind_.
  using Buffer = std::array<char, 16 * 1024>;
  std::unique_ptr<Buffer> buffer_ = std::make_unique<Buffer>();
  std::size_t sent_ = 0, filled_ = 0;
  std::string behind_;
  std::size_t taken_ = 0;  ///< of behind_
  std::string send_problem_;
};

}  // namespace mailhaul::net
