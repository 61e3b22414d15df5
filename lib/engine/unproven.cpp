// SPDX-License-Identifier: MIT
#include "engine/unproven.h"

#include <algorithm>
#include <utility>

#include "engine/same_message.h"
#include "net/refusal.h"

namespace mailhaul::engine {

namespace {

/// After this many messages that came back the same, the gaps of this server are believed.
constexpr int confirmations = 3;

/// How many times wider a gap may be than those seen before.
constexpr std::uint64_t slack = 2;

/// The largest part of a message that a server may count wrongly: mail with short lines has more line ends.
constexpr double widest_share = 0.1;

std::uint64_t gap_between(std::uint64_t octets, std::uint64_t announced) {
  return octets < announced ? announced - octets : octets - announced;
}

double share_of(std::uint64_t gap, std::uint64_t announced) {
  return static_cast<double>(gap) / static_cast<double>(std::max<std::uint64_t>(announced, 1));
}

/// At most this many messages are held, since each may hold a descriptor; others are fetched again.
constexpr std::size_t most_held = 16;

}  // namespace

bool Unproven::doubts(const IncomingMessage& incoming, std::uint64_t announced) const {
  const auto octets = incoming.octets;
  const bool matters = session_.pipelining() ? octets != announced : octets < announced;
  return incoming.begins_as_answer || (matters && !habit_.covers(octets, announced));
}

void SizeHabit::add(std::uint64_t octets, std::uint64_t announced) {
  ++seen_;
  const auto gap = gap_between(octets, announced);
  narrowest_ = std::min(narrowest_, gap);
  steepest_ = std::max(steepest_, share_of(gap, announced));
}

/// A server that counts a header of its own is off by the same number of octets each time; one that counts
/// line ends wrongly is off in proportion to the lines.
bool SizeHabit::covers(std::uint64_t octets, std::uint64_t announced) const {
  if (seen_ < confirmations) return false;
  const auto gap = gap_between(octets, announced);
  return gap <= slack * narrowest_ || share_of(gap, announced) <= std::min(slack * steepest_, widest_share);
}

void Unproven::hold(ReceivedMessage message, const IncomingMessage& incoming) {
  message.begins_as_answer = incoming.begins_as_answer;
  held_.push_back(std::move(message));
}

bool Unproven::full() const noexcept { return held_.size() >= most_held; }

std::vector<ReceivedMessage> Unproven::check() {
  for (auto message = held_.begin(); message != held_.end();) {
    const auto announced = message->step->message.bytes;
    const bool believed = !message->begins_as_answer && habit_.covers(message->octets, announced);
    if (believed || compare(*message)) {
      if (!believed && message->octets != announced) habit_.add(message->octets, announced);
      ++message;
      continue;
    }
    std::vector<ReceivedMessage> dropped;
    dropped.push_back(std::move(*message));
    engine::discard(dropped);
    message = held_.erase(message);
    removals_.retrieved_but_unsafe();
  }
  return std::exchange(held_, {});
}

/// Requests the message again, and compares it. False: the server refuses to send it once more.
bool Unproven::compare(ReceivedMessage& message) {
  compared_ = message.step;
  session_.want({.number = message.step->message.number, .bytes = message.octets, .header_only = false});
  session_.want_proof();
  pop3::Message& again = session_.next();
  Fingerprint fingerprint;
  while (const auto piece = again.read()) fingerprint.add(*piece);
  const auto hashes = fingerprint.finish();
  const bool other_size = fingerprint.octets() != message.octets;
  const bool now_as_announced = other_size && fingerprint.octets() == message.step->message.bytes;
  if (const auto words = again.refused()) {
    refused(message, *words);
    session_.next();
    compared_ = nullptr;
    return false;
  }
  // If the header is the same, the body may be one that the server makes anew each time.
  message.row.remade = hashes.content != message.row.content;
  // While pipelining, a body with other content may be a neighbour's unless its header is unique, and a body
  // with the same content but another size had a line of another answer in it.
  const bool neighbours =
      session_.pipelining() && (message.row.remade ? !header_is_unique(hashes) : other_size);
  const bool was_part = message.row.remade && is_more(hashes.octets, message.octets);
  const bool had_answer = other_size && message.begins_as_answer;
  if (hashes.header != message.row.header || now_as_announced || neighbours || was_part || had_answer)
    came_back_different();
  session_.next();
  compared_ = nullptr;
  return true;
}

/// Some servers send each message only once in a session: the next session compares it instead.
void Unproven::refused(const ReceivedMessage& message, const std::string& words) {
  const auto meant = net::understand(words, util::Kind::temporary);
  const util::Error error(
      meant.kind, "cannot retrieve it again, to compare it: the server said -ERR " + words,
      meant.hint.empty() ? "nothing is lost: if the next run receives the same, it is delivered"
                         : meant.hint);
  if (meant.reason == net::Reason::limit) throw net::RefusedError(error, meant);
  notes_.not_compared(message, error);
}

void Unproven::came_back_different() {
  body_changed_ = true;
  if (!session_.pipelining())
    throw util::Error(util::Kind::protocol,
                      "the server sent something else when the message was requested again",
                      "nothing is lost; the next run requests it again, after the others");
  const auto uid = notes_.uid(*std::exchange(compared_, nullptr));  // the message is not to blame
  throw util::Error(util::Kind::protocol,
                    "the server sent something else when message " + uid + " was requested again, alone",
                    "the server breaks PIPELINING; the next session requests messages one by one");
}

void Unproven::discard() noexcept {
  latest_.reset();
  engine::discard(held_);
  held_.clear();
}

}  // namespace mailhaul::engine
