// SPDX-License-Identifier: MIT
#include "pop3/conversation.h"

#include <cstddef>
#include <utility>

#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/pairs.h"

namespace mailhaul::pop3 {

namespace {

/// RFC 2449 section 4 allows 512 bytes, but there are servers with longer lines, and UIDLs of 157 characters.
constexpr std::size_t max_line_bytes = std::size_t{64} * 1024;

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Reads "+OK" and "+ok there" (RFC 1939 section 3); not "+OKAY", which is the middle of something else.
std::optional<Status> parse_status(std::string_view line) {
  if (util::equal_nocase(line.substr(0, 4), "-ERR"))
    return Status{false, util::without_leading_blanks(line.substr(4))};
  const bool is_ok =
      util::equal_nocase(line.substr(0, 3), "+OK") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
  if (!is_ok) return std::nullopt;
  return Status{true, util::without_leading_blanks(line.substr(3))};
}

constexpr auto is_before_dot = [](auto byte, auto next) { return (byte == '\n') & (next == '.'); };

}  // namespace

void Conversation::ask(std::string_view command, ReplyShape shape) {
  if (command.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    throw util::Error(util::Kind::internal, "a command contains a line end: " + util::escape(command));
  }
  out_.append(command).append("\r\n");
  awaited_.push_back(shape);
}

std::string Conversation::take_output() { return std::exchange(out_, {}); }

void Conversation::feed(std::string_view bytes) {
  if (!in_.empty())
    throw util::Error(util::Kind::internal, "bytes were fed before the earlier ones were read");
  in_ = bytes;
}

Event Conversation::next() {
  if (within_ == Within::list) return next_line();
  if (within_ == Within::message) return next_piece();
  return next_status();
}

Event Conversation::next_status() {
  if (in_.empty()) return NeedInput{};
  if (awaited_.empty()) {
    const auto words = in_.substr(0, in_.find('\n'));
    fail("the server sent an answer that nobody asked for", without_line_end(words));
  }
  const auto line = take_line(LineEnd::any);
  if (!line) return NeedInput{};
  const auto status = parse_status(without_line_end(*line));
  if (!status) fail("the server answered neither +OK nor -ERR", without_line_end(*line));
  ending_ = line->ends_with("\r\n") ? LineEnd::crlf : LineEnd::any;
  const ReplyShape shape = awaited_.front();
  if (!status->ok || shape == ReplyShape::line) {
    awaited_.pop_front();
  } else {
    within_ = shape == ReplyShape::list ? Within::list : Within::message;
    column_ = Column::start;
  }
  return *status;
}

/// A line of a list, without the dot that the server has put before another one (RFC 1939 section 3).
Event Conversation::next_line() {
  const auto line = take_line(ending_);
  if (!line) return NeedInput{};
  auto text = without_line_end(*line);
  if (text == ".") return end_reply();
  if (text.starts_with('.')) text.remove_prefix(1);
  return Line{text};
}

/// A part of a message, without such dots.
Event Conversation::next_piece() {
  while (!in_.empty()) {
    const char first = in_.front();
    switch (column_) {
      case Column::start:
        column_ = first == '.' ? Column::dot : Column::inside;
        if (first == '.') in_.remove_prefix(1);
        break;
      case Column::dot:
        column_ = first == '\r' ? Column::dot_cr : Column::inside;
        if (first == '\r') in_.remove_prefix(1);
        if (first == '\n' && ending_ == LineEnd::any) {
          in_.remove_prefix(1);
          return end_reply();
        }
        break;
      case Column::dot_cr:
        if (first == '\n') {
          in_.remove_prefix(1);
          return end_reply();
        }
        column_ = Column::inside;
        return Chunk{"\r"};  // the dot was stuffed after all, and this CR is content
      case Column::inside:
      case Column::after_cr:
        return take_run();
    }
  }
  return NeedInput{};
}

/// All that was fed, up to the next dot at the start of a line. REQUIRES: in_ is not empty.
Chunk Conversation::take_run() {
  const auto ends_line = [this](std::size_t lf) {
    return ending_ == LineEnd::any || (lf == 0 ? column_ == Column::after_cr : in_[lf - 1] == '\r');
  };
  for (std::size_t searched = 0; searched < in_.size();) {
    const auto lf = util::find_pair(in_.substr(searched), is_before_dot);
    if (lf == std::string_view::npos) break;
    searched += lf + 1;
    if (!ends_line(searched - 1)) continue;
    const auto run = in_.substr(0, searched);
    in_.remove_prefix(run.size() + 1);
    column_ = Column::dot;
    return Chunk{run};
  }
  const char last = in_.back();
  if (last == '\n' && ends_line(in_.size() - 1)) {
    column_ = Column::start;
  } else {
    column_ = last == '\r' ? Column::after_cr : Column::inside;
  }
  return Chunk{std::exchange(in_, {})};
}

Event Conversation::end_reply() {
  awaited_.pop_front();
  within_ = Within::status;
  return End{};
}

/// The next line with its end. Empty if the end has not come yet; the part that has come is kept.
std::optional<std::string_view> Conversation::take_line(LineEnd ending) {
  const auto end = find_line_end(ending);
  const auto piece = in_.substr(0, end);
  if (carry_.size() + piece.size() > max_line_bytes)
    fail("the server sent a line of more than 64 KiB", carry_ + std::string(piece), 60);
  in_.remove_prefix(piece.size());
  if (end != std::string_view::npos && carry_.empty()) return piece;
  carry_.append(piece);
  if (end == std::string_view::npos) return std::nullopt;
  line_.swap(carry_);
  carry_.clear();
  return line_;
}

/// The index in in_ after the LF that ends the line; npos if in_ does not contain it.
std::size_t Conversation::find_line_end(LineEnd ending) const {
  for (auto lf = in_.find('\n'); lf != std::string_view::npos; lf = in_.find('\n', lf + 1)) {
    if (ending == LineEnd::any) return lf + 1;
    const bool after_cr = lf > 0 ? in_[lf - 1] == '\r' : carry_.ends_with('\r');
    if (after_cr) return lf + 1;
  }
  return std::string_view::npos;
}

bool Conversation::begins_no_status() const noexcept {
  return within_ == Within::status && !carry_.empty() && carry_.front() != '+' && carry_.front() != '-';
}

/// Throws an error that says what happened and quotes the first `limit` bytes of the server's words.
void Conversation::fail(const std::string& what, std::string_view words, std::size_t limit) {
  malformed_status_ = within_ == Within::status;
  const std::string said = redact_ ? redact_(words) : std::string(words);
  throw util::Error(util::Kind::protocol, what + ": \"" + util::escape(said, limit) + '"');
}

}  // namespace mailhaul::pop3
