// SPDX-License-Identifier: MIT
// A server in memory: a net::Stream whose incoming bytes are given beforehand, or produced command by
// command, and arrive in pieces that the test chooses.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"
#include "util/error.h"

namespace mailhaul::test {

enum class Ending { closed, silent };  ///< what follows the last byte

/// How bytes arrive at the client.
struct Wire {
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
  std::size_t piece = never;     ///< the most bytes that a read returns
  std::size_t split_at = never;  ///< no read crosses this offset
  std::size_t cut_at = never;    ///< the connection ends, as `cut` says, before the byte at this offset
  Ending cut = Ending::closed;
  std::function<std::size_t()> any_piece = {};  ///< called before each read, instead of `piece`
};

class ScriptedStream : public net::Stream {
 public:
  struct Reply {
    std::string bytes;
    bool then_close = false;
    Reply(std::string text, bool close = false) : bytes(std::move(text)), then_close(close) {}
    Reply(const char* text) : bytes(text) {}
  };
  /// Called with each command, without its line end, once all earlier answers have been read.
  using Answer = std::function<Reply(const std::string& command)>;

  /// Sends `incoming` whatever it receives, then closes.
  explicit ScriptedStream(std::string incoming, Wire wire = {})
      : wire_(std::move(wire)), incoming_(std::move(incoming)) {
    closing_ = true;
  }
  /// Answers each command; otherwise silent.
  explicit ScriptedStream(Answer answer, Wire wire = {})
      : wire_(std::move(wire)), answer_(std::move(answer)) {}

  void write(std::string_view bytes) override {
    written_ += bytes;
    unread_ += bytes;
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      auto command = unread_.substr(0, end);
      if (command.ends_with('\r')) command.pop_back();
      commands_.push_back(command);
      unread_.erase(0, end + 1);
    }
    if (commands_.size() > most_outstanding_) most_outstanding_ = commands_.size();
  }

  std::size_t read(std::span<char> into) override {
    while (at_ == incoming_.size() && !commands_.empty() && answer_ && !closing_ && sent_ < wire_.cut_at)
      answer_next();
    const auto ready = incoming_.size() - at_;
    if (sent_ >= wire_.cut_at) return end(wire_.cut);
    if (ready == 0) return end(closing_ ? Ending::closed : Ending::silent);
    auto count = std::min(
        {ready, into.size(), wire_.any_piece ? wire_.any_piece() : wire_.piece, wire_.cut_at - sent_});
    if (sent_ < wire_.split_at) count = std::min(count, wire_.split_at - sent_);
    std::copy_n(incoming_.data() + at_, count, into.data());
    at_ += count;
    sent_ += count;
    return count;
  }

  std::uint64_t bytes_per_second() const noexcept override { return pace; }
  std::uint64_t pace = std::uint64_t{1} << 30U;  ///< what bytes_per_second() returns

  const std::string& written() const noexcept { return written_; }  ///< everything that the client sent
  std::size_t sent() const noexcept { return sent_; }               ///< bytes that reached the client
  /// Commands that have arrived and are not yet processed, in order.
  const std::deque<std::string>& waiting() const noexcept { return commands_; }
  std::size_t most_outstanding() const noexcept { return most_outstanding_; }  ///< the most waiting at a time

 private:
  void answer_next() {
    const auto command = commands_.front();
    auto reply = answer_(command);  // may call waiting(), where this command is still the first
    commands_.pop_front();
    incoming_ = std::move(reply.bytes);
    at_ = 0;
    closing_ = reply.then_close;
  }

  static std::size_t end(Ending ending) {
    if (ending == Ending::silent)
      throw util::Error(util::Kind::temporary, "no answer from the server within 3m");
    return 0;
  }

  Wire wire_;
  Answer answer_;
  std::string incoming_, written_, unread_;
  std::deque<std::string> commands_;
  std::size_t at_ = 0, sent_ = 0, most_outstanding_ = 0;
  bool closing_ = false;
};

}  // namespace mailhaul::test
