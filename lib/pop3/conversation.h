// SPDX-License-Identifier: MIT
// The client's side of POP3 after the login (RFC 1939 section 3), without I/O: commands go in and bytes come
// out to be sent; received bytes go in and events come out.
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mailhaul::pop3 {

/// What follows a "+OK" to a command: nothing, the lines of a list, or a message.
enum class ReplyShape { line, list, message };

/// Everything that was fed has been read: feed() more.
struct NeedInput {};
/// A status line.
struct Status {
  bool ok;
  std::string_view text;  ///< without +OK or -ERR, and without the line end
};
/// One line of a list: the stuffed dot removed, without the line end.
struct Line {
  std::string_view text;
};
/// A part of a message: stuffed dots removed, line ends as sent.
struct Chunk {
  std::string_view bytes;
};
/// The line with a single dot that ends a list or a message.
struct End {};
using Event = std::variant<NeedInput, Status, Line, Chunk, End>;

/// Reads replies in the order in which they were asked for. The status line of a reply decides what ends its
/// other lines: after "+OK ...CRLF" only CRLF does, so that LF dot LF inside a mail cannot end the mail and
/// make its next lines look like answers of the server; after "+OK ...LF" a bare LF does as well. One thread
/// at a time. The views in an event are valid until the next call; the bytes of a message are not copied.
class Conversation {
 public:
  /// Hides secrets in the words of the server that an error quotes, before they are escaped and cut.
  using Redact = std::function<std::string(std::string_view words)>;
  Conversation() = default;
  explicit Conversation(Redact redact) : redact_(std::move(redact)) {}

  /// Queues a command, without its line end. REQUIRES: it contains no CR, LF or NUL.
  void ask(std::string_view command, ReplyShape shape);
  /// The bytes to send now.
  [[nodiscard]] std::string take_output();
  /// Takes received bytes. REQUIRES: next() has returned NeedInput; the bytes stay valid until it does so
  /// again.
  void feed(std::string_view bytes);
  /// The next event. Throws Error{protocol} for a status line that is neither +OK nor -ERR, a line of more
  /// than 64 KiB, and a reply that nobody asked for.
  Event next();

  /// How many replies have not been read to their end.
  std::size_t awaited() const noexcept { return awaited_.size(); }
  /// Nothing of a reply has been read yet: the server is between two answers.
  bool at_border() const noexcept { return within_ == Within::status && carry_.empty() && in_.empty(); }
  /// The beginning of a line whose end has not come yet; empty between lines and inside a message.
  std::string_view begun_line() const noexcept { return carry_; }
  /// True if next() threw because of a status line (neither +OK nor -ERR, or endless) or a reply that nobody
  /// asked for, or if the beginning of the next line cannot be that of a status line.
  bool malformed_status() const noexcept { return malformed_status_ || begins_no_status(); }

 private:
  enum class Within { status, list, message };
  /// Where in a line of a message the last byte was.
  enum class Column { start, dot, dot_cr, inside, after_cr };
  enum class LineEnd { any, crlf };

  Event next_status();
  Event next_line();
  Event next_piece();
  Chunk take_run();
  Event end_reply();
  std::optional<std::string_view> take_line(LineEnd ending);
  std::size_t find_line_end(LineEnd ending) const;
  bool begins_no_status() const noexcept;
  [[noreturn]] void fail(const std::string& what, std::string_view words, std::size_t limit = 200);

  Redact redact_;
  std::string out_;
  std::string carry_;    ///< the beginning of a line whose end has not come yet
  std::string line_;     ///< a line that came in several feeds
  std::string_view in_;  ///< fed, not yet read
  std::deque<ReplyShape> awaited_;
  Within within_ = Within::status;
  Column column_ = Column::start;
  LineEnd ending_ = LineEnd::crlf;  ///< what ends a line of this reply
  bool malformed_status_ = false;
};

}  // namespace mailhaul::pop3
