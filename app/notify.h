// SPDX-License-Identifier: MIT
// What a service tells systemd (sd_notify(3)): one datagram for each message.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::app {

/// One thread at a time. Without $NOTIFY_SOCKET it does nothing.
class ServiceNotifier {
 public:
  ServiceNotifier();
  void send(std::string_view message) const noexcept;  ///< "READY=1"; errors are ignored
  /// How often systemd is to be notified: twice in each period of WATCHDOG_USEC. Empty: never.
  std::optional<std::chrono::seconds> watchdog() const noexcept { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::seconds> watchdog_;
};

/// The line that belongs to RELOADING=1: "MONOTONIC_USEC=...".
std::string monotonic_time();

}  // namespace mailhaul::app
