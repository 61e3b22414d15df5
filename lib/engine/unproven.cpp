// SPDX-License-Identifier: MIT
#include "engine/unproven.h"

#include <utility>

#include "engine/same_message.h"
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
  compared_ = message.step;
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
         "cannot retrieve it again, to compare it: the server said -ERR " + util::escape(*again.refused()),
         meant.hint},
        meant);
  }
  // While pipelining, equal headers prove only then that this is no neighbour's body.
  const bool neighbours = session_.pipelining() && message.row.remade && !header_is_unique(hashes);
  if (hashes.header != message.row.header || now_as_announced || neighbours) came_back_different();
  session_.next();
  compared_ = nullptr;
}

void Unproven::came_back_different() {
  body_changed_ = true;
  if (!session_.pipelining())
    throw util::Error(util::Kind::protocol, "it came back different when it was asked for again",
                      "nothing is lost; the next run asks for it again, after the others");
  const auto uid = notes_.uid(*std::exchange(compared_, nullptr));  // the message is not to blame
  throw util::Error(util::Kind::protocol,
                    "message " + uid + " came back different when asked for again alone",
                    "the server breaks PIPELINING; the next session asks one by one");
}

void Unproven::discard() noexcept {
  latest_.reset();
  engine::discard(held_);
  held_.clear();
}

}  // namespace mailhaul::engine
