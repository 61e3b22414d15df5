// SPDX-License-Identifier: MIT
#include "app/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "util/ascii.h"
#include "util/fd.h"

namespace mailhaul::app {

namespace {

std::string text_of_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread runs
  return value == nullptr ? "" : value;
}

}  // namespace

ServiceNotifier::ServiceNotifier() : socket_(text_of_variable("NOTIFY_SOCKET")) {
  const auto microseconds = util::parse_number(text_of_variable("WATCHDOG_USEC"));
  const auto process = text_of_variable("WATCHDOG_PID");
  if (!microseconds || *microseconds == 0) return;
  if (!process.empty() && process != std::to_string(::getpid())) return;
  const auto half = std::chrono::microseconds(static_cast<std::int64_t>(*microseconds / 2));
  watchdog_ = std::max(std::chrono::floor<std::chrono::seconds>(half), std::chrono::seconds(1));
}

void ServiceNotifier::send(std::string_view message) const noexcept {
  struct sockaddr_un address {};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[0], socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const util::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), length);
}

std::string monotonic_time() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return "MONOTONIC_USEC=" + std::to_string(std::chrono::floor<std::chrono::microseconds>(now).count());
}

}  // namespace mailhaul::app
