// SPDX-License-Identifier: MIT
#include "engine/unproven.h"

#include <utility>

#include "net/refusal.h"
#include "util/escape.h"

namespace mailhaul::engine {

namespace {

/// After this many sizes that were only announced wrong, the server's bodies are believed.
constexpr int confirmations = 3;

/// At most this many messages are held, since each may hold a descriptor; others are fetched again.
constexpr std::size_t most_held = 16;

}  // namespace

std::optional<LatestMessage> Unproven::take_latest() { return std::exchange(latest_, std::nullopt); }

bool Unproven::doubts(std::uint64_t octets, std::uint64_t announced) const {
  const bool matters = session_.pipelining() ? octets != announced : octets < announced;
  return matters && confirmed_ < confirmations;
}

bool Unproven::full() const noexcept { return held_.size() >= most_held; }

std::vector<ReceivedMessage> Unproven::check() {
  for (auto& message : held_) {
    if (confirmed_ >= confirmations) break;
    compare(message);
    ++confirmed_;
  }
  return std::exchange(held_, {});
}

void Unproven::compare(ReceivedMessage& message) {
  session_.want({.number = message.step->message.number, .bytes = message.octets, .header_only = false});
  session_.want_proof();
  pop3::Message& again = session_.next();
  Fingerprint fingerprint;
  while (const auto piece = again.read()) fingerprint.add(*piece);
  const auto hashes = fingerprint.finish();
  const bool other_size = fingerprint.octets() != message.octets;
  const bool now_as_announced = other_size && fingerprint.octets() == message.step->message.bytes;
  // Under the same header its body may be one that the server makes anew each time.
  message.row.remade = hashes.content != message.row.content;
  if (again.refused()) {
    const auto meant = net::understand(*again.refused(), util::Kind::temporary);
    throw net::RefusedError(
        {meant.kind,
         "cannot retrieve message " + notes_.uid(*message.step) +
             " again, to compare it: the server said -ERR " + util::escape(*again.refused()),
         meant.hint},
        meant);
  }
  if (hashes.header != message.row.header || now_as_announced) {
    body_changed_ = true;
    throw util::Error(
        util::Kind::protocol,
        "message " + notes_.uid(*message.step) + " came back different when asked for again alone",
        "the server breaks PIPELINING; the next session asks one by one");
  }
  session_.next();
}

void Unproven::discard() noexcept {
  latest_.reset();
  engine::discard(held_);
  held_.clear();
}

}  // namespace mailhaul::engine
