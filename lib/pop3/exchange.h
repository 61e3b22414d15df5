// SPDX-License-Identifier: MIT
// Commands on their way and the answers owed for them: a Conversation driven over a Stream. Used by Session
// alone.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.h"
#include "pop3/conversation.h"
#include "pop3/session.h"
#include "util/error.h"

namespace mailhaul::pop3 {

enum class Verb { capa, stat, list, uidl, retr, top, dele, noop, quit };

struct Command {
  Verb verb = Verb::stat;
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;  ///< announced size of what it brings
};
std::string text_of(const Command& command);  ///< "RETR 17"

/// Answers are read in the order of the commands; whoever reads one reads it to its end before the next.
/// Commands are handed to the stream just before it is read, so that those for many small answers travel
/// together. A throw ends it.
class Exchange {
 public:
  Exchange(net::Stream& stream, const SessionOptions& options);  ///< refers to `options`

  void allow_pipelining(bool allowed) noexcept { pipelining_ = allowed; }
  bool pipelining() const noexcept { return pipelining_; }

  void queue(const Command& command) {
    urgent_.push_back(command);
  }  ///< goes before all that is merely wanted
  void want(const Command& command) { wanted_.push_back(command); }
  std::size_t withdraw();  ///< forgets what is wanted and not yet sent; returns how many
  /// The command whose answer comes next, sent or not; nullptr: none.
  const Command* upcoming() const noexcept;

  struct Answer {
    Command command;
    bool ok = false;
  };
  Answer answer();                          ///< the next status line; its text is last_words()
  std::optional<std::string_view> line();   ///< of the list that answer() began; empty optional: it is over
  std::optional<std::string_view> piece();  ///< likewise of a message

  /// Ends the session: fills doubt() and throws the error with the command it befell added.
  [[noreturn]] void fail(const util::Error& error);

  const std::string& last_words() const noexcept { return last_words_; }
  const Doubt& doubt() const noexcept { return doubt_; }

 private:
  Event receive();
  void trace(char direction, std::string_view line) const;
  std::string redacted(std::string_view words) const;
  void send_what_may();
  void send(const Command& command);
  bool has_room(const Command& command) const;
  void read_more();
  void end_reply(const char* what, std::uint64_t count);
  void forget_asked();
  net::Stream& stream_;
  const SessionOptions& options_;
  Conversation talk_;
  std::vector<char> buffer_;
  std::deque<Command> urgent_, wanted_, asked_;
  std::uint64_t announced_bytes_ = 0;  ///< of asked_
  std::size_t command_bytes_ = 0;      ///< of asked_
  std::uint64_t received_ = 0;         ///< lines or bytes of the reply being read
  bool pipelining_ = false;
  bool several_owed_ = false;  ///< more than one answer was owed since none was; that to NOOP brings nothing
  bool failed_ = false;
  bool last_ok_ = true;
  std::string last_words_;
  Doubt doubt_;
};

}  // namespace mailhaul::pop3
