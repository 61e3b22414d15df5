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

/// The bytes of an open connection, without waiting: CurlHandle's send and receive, and the answers to
/// their traps. One thread at a time.
class Wire {
 public:
  /// `curl` has connected to `address`, "host:port".
  Wire(std::unique_ptr<CurlHandle> curl, std::string address);

  /// Sends what can be sent at once and keeps the rest for send_queued(). A failure shows in receive(), after
  /// what had arrived before it.
  void queue(std::string_view bytes);
  /// Sends more of what is queued, without waiting.
  void send_queued();

  /// Returns how many bytes were stored, 0 at the end of the stream, nothing if one has to wait() first.
  /// Throws Error{temporary} "connection to HOST:PORT lost: ...".
  std::optional<std::size_t> receive(std::span<char> into);

  /// Sleeps until bytes may be received or sent, `wake_fd` (or -1) is readable, or the time is over.
  /// REQUIRES: receive() has just returned nothing; bytes that TLS has already decrypted do not wake poll(2).
  void wait(std::chrono::milliseconds limit, int wake_fd) const;

  /// Gives back the handle; the wire is of no use then. REQUIRES: nothing is queued.
  std::unique_ptr<CurlHandle> release() { return std::move(curl_); }

  /// CurlHandle::end_of_tunnel()
  std::string end_of_tunnel() { return curl_->end_of_tunnel(); }

  const std::string& address() const noexcept { return address_; }

 private:
  bool pending() const noexcept { return sent_ < filled_ || taken_ < behind_.size(); }
  void refill();
  [[noreturn]] void lost(const std::string& words) const;

  std::unique_ptr<CurlHandle> curl_;
  std::string address_;
  int socket_ = -1;
  // OpenSSL demands that a send that could not go out is repeated from the same place with no fewer bytes. So
  // this buffer stays as and where it is until all of it was sent, and what comes meanwhile waits in behind_.
  using Buffer = std::array<char, 16 * 1024>;
  std::unique_ptr<Buffer> buffer_ = std::make_unique<Buffer>();
  std::size_t sent_ = 0, filled_ = 0;
  std::string behind_;
  std::size_t taken_ = 0;  ///< of behind_
  std::string send_problem_;
};

}  // namespace mailhaul::net
