// SPDX-License-Identifier: MIT
#include "net/curl_stream.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "util/error.h"
#include "util/units.h"

namespace mailhaul::net {

CurlStream::CurlStream(Wire wire, const Limits& limits, const util::Cancel& cancel)
    : wire_(std::move(wire)), limits_(limits), stall_(limits.silence), cancel_(cancel) {}

void CurlStream::write(std::string_view bytes) {
  stall_.asked();
  wire_.queue(bytes);
}

std::size_t CurlStream::read(std::span<char> into) {
  for (;;) {
    check_for_cancel();
    wire_.send_queued();
    if (const auto bytes = wire_.receive(into)) {
      stall_.received(*bytes);
      pace_.received(*bytes, Clock::now());
      check_for_stall();
      return *bytes;
    }
    wait();
    check_for_stall();
  }
}

void CurlStream::check_for_cancel() {
  if (!cancel_.requested()) return;
  const auto drain =
      cancel_.signal() == SIGINT ? std::min(limits_.drain, limits_.drain_at_ctrl_c) : limits_.drain;
  if (!drained_at_) drained_at_ = Clock::now() + drain;
  if (Clock::now() < *drained_at_) return;
  throw util::Error(util::Kind::cancelled, "stopped while waiting for " + wire_.address());
}

void CurlStream::wait() {
  const auto start = Clock::now();
  auto limit = stall_.left();
  if (drained_at_) limit = std::min(limit, *drained_at_ - start);
  // Once a cancel is requested, its descriptor stays readable: to wait for it would be a busy loop.
  wire_.wait(std::chrono::ceil<std::chrono::milliseconds>(limit), drained_at_ ? -1 : cancel_.fd());
  stall_.waited(Clock::now() - start);
}

void CurlStream::check_for_stall() const {
  if (!stall_.silent() && !stall_.trickling()) return;
  const std::string how = stall_.silent() ? "nothing came for " : "less than 64 bytes a second came for ";
  throw util::Error(util::Kind::temporary,
                    "connection to " + wire_.address() + " lost: " + how +
                        util::format_duration(std::chrono::ceil<std::chrono::seconds>(limits_.silence)));
}

}  // namespace mailhaul::net
