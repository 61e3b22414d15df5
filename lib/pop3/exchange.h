// SPDX-License-Identifier: MIT
// Drives a Conversation over a Stream: sends commands, and keeps track of the answers that are owed for them.
// Only Session uses it.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "pop3/conversation.h"
#include "pop3/session.h"
#include "util/error.h"

namespace mailhaul::pop3 {

enum class Verb {
  capa,
  stat,
  list,
  uidl,
  retr,
  top,
  dele,
  noop,   ///< its answer shows that the reply before it has ended
  count,  ///< STAT for the same purpose
  quit
};

/// A command of RFC 1939 (sections 5 and 7) or RFC 2449 (CAPA, section 5).
struct Command {
  Verb verb = Verb::stat;
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;  ///< the announced size of the message that it brings
};
/// The command as it is sent, without the line end: "RETR 17".
std::string text_of(const Command& command);

/// Answers are read in the order of the commands; an answer that was begun is read to its end before the
/// next. Commands are handed to the stream just before the stream is read, so that the commands for many
/// small answers travel together (RFC 2449 section 6.8, PIPELINING). After a throw the exchange cannot be
/// used any more.
class Exchange {
 public:
  /// `options` is borrowed and must outlive the exchange.
  Exchange(net::Stream& stream, const SessionOptions& options);

  void allow_pipelining(bool allowed) noexcept { pipelining_ = allowed; }
  bool pipelining() const noexcept { return pipelining_; }

  /// Queues a command ahead of all commands that are only wanted.
  void queue(const Command& command) { urgent_.push_back(command); }
  void want(const Command& command) { wanted_.push_back(command); }
  /// Forgets the wanted commands that have not been sent; returns how many.
  std::size_t withdraw();
  /// The command whose answer comes next, sent or not; nullptr if there is none.
  [[nodiscard]] const Command* upcoming() const noexcept;
  /// After a throw: the command that the failure is about. If an answer came that nobody asked for, this is
  /// the command before it; nullptr if that command was a proof, or there is none.
  [[nodiscard]] const Command* blamed() const noexcept;

  struct Answer {
    Command command;
    bool ok = false;
  };
  /// The next status line; its text is last_words() and last_values().
  Answer answer();
  /// The next line of the list that answer() began; empty if the list has ended.
  [[nodiscard]] std::optional<std::string_view> line();
  /// The next piece of the message that answer() began; empty if the message has ended.
  [[nodiscard]] std::optional<std::string_view> piece();

  /// Ends the session because the last answer cannot belong to its command. Throws Error{protocol}.
  [[noreturn]] void disown_answer();
  /// Ends the session: fills doubt(), and throws the error with the command that was being answered.
  [[noreturn]] void fail(const util::Error& error);

  /// Words of the server as a person may see them: secrets hidden, escaped, cut after 200 bytes.
  std::string shown(std::string_view words) const;
  /// The text of the last status line as a person may see it.
  const std::string& last_words() const noexcept { return last_words_; }
  /// The same text as it came: for reading numbers, never for showing, because it may contain a secret. Empty
  /// after -ERR.
  const std::string& last_values() const noexcept { return last_values_; }
  const Doubt& doubt() const noexcept { return doubt_; }

 private:
  Event receive();
  void trace(char direction, std::string_view line) const;
  std::string redacted(std::string_view words) const;
  void send_what_may();
  void send(const Command& command);
  bool has_room(const Command& command) const;
  std::uint64_t window() const noexcept;
  std::uint64_t bytes_to_come() const;
  void read_more();
  void end_reply(const char* what, std::uint64_t count);
  void forget_asked();
  std::string circumstances(util::Kind kind) const;

  net::Stream& stream_;
  const SessionOptions& options_;
  Conversation talk_;
  std::unique_ptr<char[]> buffer_;  ///< buffer_bytes; not zeroed, because a poll uses only few of them
  std::deque<Command> urgent_, wanted_, asked_;
  std::optional<Command> last_answered_;  ///< the last one whose answer was read to its end
  std::uint64_t announced_bytes_ = 0;     ///< of asked_
  std::size_t command_bytes_ = 0;         ///< of asked_
  std::uint64_t received_ = 0;            ///< lines or bytes of the reply that is being read
  bool pipelining_ = false;
  /// True from the moment when two answers are owed until none is. A proof does not count: its answer brings
  /// nothing that could be taken for a part of another answer.
  bool several_owed_ = false;
  bool failed_ = false;
  bool last_ok_ = true;
  std::string last_words_, last_values_;
  Doubt doubt_;
};

}  // namespace mailhaul::pop3
