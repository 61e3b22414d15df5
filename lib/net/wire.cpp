// SPDX-License-Identifier: MIT
#include "net/wire.h"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "util/error.h"

namespace mailhaul::net {

Wire::Wire(std::unique_ptr<CurlHandle> curl, std::string address)
    : curl_(std::move(curl)), address_(std::move(address)) {
  socket_ = curl_->socket();
  if (socket_ < 0) lost("no socket");
}

void Wire::queue(std::string_view bytes) {
  behind_.append(bytes);
  send_queued();
}

void Wire::refill() {
  const std::size_t bytes = std::min(buffer_->size(), behind_.size() - taken_);
  std::memcpy(buffer_->data(), behind_.data() + taken_, bytes);
  taken_ += bytes;
  sent_ = 0;
  filled_ = bytes;
  if (taken_ == behind_.size()) {
    behind_.clear();
    taken_ = 0;
  }
}

void Wire::send_queued() {
  while (send_problem_.empty() && pending()) {
    if (sent_ == filled_) refill();
    const auto sent = curl_->send({buffer_->data() + sent_, filled_ - sent_});
    if (sent.code == CURLE_AGAIN) return;
    if (sent.code != CURLE_OK) send_problem_ = curl_->words(sent.code);
    sent_ += sent.bytes;
  }
}

std::optional<std::size_t> Wire::receive(std::span<char> into) {
  const auto received = curl_->receive(into);
  if (received.code == CURLE_OK) return received.bytes;
  if (received.code != CURLE_AGAIN) lost(curl_->words(received.code));
  if (!send_problem_.empty()) lost(send_problem_);
  return std::nullopt;
}

void Wire::wait(std::chrono::milliseconds limit, int wake_fd) const {
  const auto events = static_cast<short>(POLLIN | (pending() ? POLLOUT : 0));
  std::array<pollfd, 2> watched{{{socket_, events, 0}, {wake_fd, POLLIN, 0}}};
  const auto milliseconds = std::clamp<std::chrono::milliseconds::rep>(limit.count(), 0, 3'600'000);
  const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(milliseconds));
  if (ready < 0 && errno != EINTR) util::throw_errno(util::Kind::os, "wait for", address_);
}

void Wire::lost(const std::string& words) const {
  throw util::Error(util::Kind::temporary, "connection to " + address_ + " lost: " + words);
}

}  // namespace mailhaul::net
