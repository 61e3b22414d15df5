// SPDX-License-Identifier: MIT
// Bodies that are read and not believed yet (LAW section 2).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/message_notes.h"
#include "engine/receive.h"
#include "engine/removals.h"
#include "engine/settle.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// The message read last. Only a proper answer after it shows that it has ended: a server that does not
/// stuff dots seems to end it early.
struct LatestMessage {
  ReceivedMessage message;
  IncomingMessage incoming;
  bool doubtful = false;  ///< it has to be requested again: see Unproven::doubts()
};

/// How far the sizes that this server announces are from what it sends. After three messages that came back
/// the same when requested again, a gap is believed if it is at most twice their narrowest gap or, as a share
/// of the message, at most twice their largest share and at most a tenth: a server may count very large or
/// very small messages wrongly, but is not off by half a message.
class SizeHabit {
 public:
  void add(std::uint64_t octets, std::uint64_t announced);
  [[nodiscard]] bool covers(std::uint64_t octets, std::uint64_t announced) const;
  [[nodiscard]] bool any() const noexcept { return seen_ != 0; }

 private:
  int seen_ = 0;
  std::uint64_t narrowest_ = ~std::uint64_t{0};  ///< the narrowest gap, in octets
  double steepest_ = 0;                          ///< the largest gap, as a share of the announced size
};

/// Holds the message read last until an answer follows it, and each message that is shorter than announced,
/// or of another size while pipelining, until check() decides about it. What seems to be the next answer may
/// be a line of a message that was cut at a lone dot; and after a skipped answer, each body is taken for that
/// of the message before. One thread at a time.
class Unproven {
 public:
  Unproven(pop3::Session& session, MessageNotes& notes, Removals& removals)
      : session_(session), notes_(notes), removals_(removals) {}

  void set_latest(LatestMessage latest) { latest_ = std::move(latest); }
  [[nodiscard]] bool has_latest() const noexcept { return latest_.has_value(); }
  [[nodiscard]] std::optional<LatestMessage> take_latest() { return std::exchange(latest_, std::nullopt); }
  [[nodiscard]] bool latest_may_be_cut() const noexcept {
    return latest_ && latest_->message.octets != latest_->message.step->message.bytes;
  }

  /// Whether the body is to be held: LIST announced another size, or perhaps an answer too many came before
  /// it.
  [[nodiscard]] bool doubts(const IncomingMessage& incoming, std::uint64_t announced) const;
  void hold(ReceivedMessage message, const IncomingMessage& incoming);
  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  [[nodiscard]] bool full() const noexcept;
  /// Requests each message that is held once more, alone, unless such a gap is the server's habit by now;
  /// returns those that are believed. A message that the server refuses now stays for a later run. REQUIRES:
  /// no answer is owed. Throws Error{protocol} when a message comes back different.
  [[nodiscard]] std::vector<ReceivedMessage> check();

  [[nodiscard]] bool sizes_differed() const noexcept { return !held_.empty() || habit_.any(); }
  [[nodiscard]] bool body_changed() const noexcept { return body_changed_; }
  /// The message that was being asked for once more when check() threw; null: none, or it is not to blame.
  [[nodiscard]] const Step* compared() const noexcept { return compared_; }
  void discard() noexcept;

 private:
  [[nodiscard]] bool compare(ReceivedMessage& message);
  void refused(const ReceivedMessage& message, const std::string& words);
  [[noreturn]] void came_back_different();

  pop3::Session& session_;
  MessageNotes& notes_;
  Removals& removals_;
  std::optional<LatestMessage> latest_;
  std::vector<ReceivedMessage> held_;
  const Step* compared_ = nullptr;
  SizeHabit habit_;
  bool body_changed_ = false;
};

}  // namespace mailhaul::engine
