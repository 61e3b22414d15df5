// SPDX-License-Identifier: MIT
// The client's side of POP3 after login (RFC 1939), with no I/O: commands in, bytes out; bytes in, events
// out.
#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mailhaul::pop3 {

enum class ReplyShape { line, list, message };  ///< what follows a "+OK" to this command

struct NeedInput {};  ///< feed() more
struct Status {
  bool ok;
  std::string_view text;  ///< the reply line without +OK / -ERR and line end
};
struct Line {
  std::string_view text;  ///< one line of a list, dot removed, without line end
};
struct Chunk {
  std::string_view bytes;  ///< part of a message, dots removed, line ends as sent
};
struct End {};  ///< the closing dot
using Event = std::variant<NeedInput, Status, Line, Chunk, End>;

/// Whatever a "+OK" line of a reply ends in, the rest of that reply must end its lines in: after CRLF a bare
/// LF is content, so that no mail with LF dot LF inside can end itself and pose as the server's next answers.
/// One thread at a time. Views in an event live until the next call; message bytes are handed out where they
/// were fed.
class Conversation {
 public:
  void ask(std::string_view command, ReplyShape shape);  ///< without line end; no CR, LF or NUL inside
  std::string take_output();                             ///< bytes to send now
  void feed(std::string_view bytes);                     ///< must outlive the events up to the next NeedInput
  Event
  next();  ///< throws Error{protocol}: a status that is neither, an overlong line, a reply nobody asked for
  std::size_t awaited() const noexcept { return awaited_.size(); }  ///< replies not yet read to their end
  /// Nothing of a reply has been read yet: the server is at an answer's border.
  bool at_border() const noexcept { return place_ == Place::status && carry_.empty() && in_.empty(); }
  /// next() threw because of a status line that is neither, or endless, or a reply nobody asked for; or what
  /// has come of the next status line is not how one begins.
  bool malformed_status() const noexcept { return malformed_status_ || begins_no_status(); }

 private:
  enum class Place { status, list, message };
  enum class Column {
    start,
    dot,
    dot_cr,
    inside,
    after_cr
  };  ///< where in a message's line the last byte left us
  enum class LineEnd { any, crlf };

  Event next_status();
  Event next_line();
  Event next_piece();
  Chunk take_run();
  Event end_reply();
  std::optional<std::string_view> take_line(LineEnd ending);
  std::size_t find_line_end(LineEnd ending) const;
  bool begins_no_status() const noexcept;
  [[noreturn]] void fail(const std::string& sentence);

  std::string out_;
  std::string carry_;    ///< the beginning of a line whose end has not come yet
  std::string line_;     ///< a line that came in several feeds
  std::string_view in_;  ///< fed, not yet read
  std::deque<ReplyShape> awaited_;
  Place place_ = Place::status;
  Column column_ = Column::start;
  LineEnd ending_ = LineEnd::crlf;  ///< of this reply
  bool malformed_status_ = false;
};

}  // namespace mailhaul::pop3
