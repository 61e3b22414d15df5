// SPDX-License-Identifier: MIT
#include "pop3/exchange.h"

#include <algorithm>

#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::pop3 {

namespace {

// The window is large enough to fill a fast line with a long round trip (10,000 messages in 1.4 s at 50 ms),
// small enough to be drained when the run is asked to stop (Ctrl-C leaves 1.5 s for it), and never holds more
// command text than a socket's buffers.
constexpr std::uint64_t widest_window_bytes = std::uint64_t{4} * 1024 * 1024;
constexpr std::uint64_t narrowest_window_bytes = std::uint64_t{32} * 1024;
constexpr std::uint64_t first_window_bytes = std::uint64_t{256} * 1024;  // the line's pace is not known yet
constexpr std::size_t window_commands = 2048;
constexpr std::size_t window_command_bytes = std::size_t{32} * 1024;
constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;
// What TOP n 0 is assumed to bring at most.
constexpr std::uint64_t header_bytes = std::uint64_t{8} * 1024;
// No header is longer; a server that ignores the 0 can still send most messages whole.
constexpr std::uint64_t longest_header_bytes = std::uint64_t{64} * 1024 * 1024;

ReplyShape shape_of(Verb verb) {
  switch (verb) {
    case Verb::capa:
    case Verb::list:
    case Verb::uidl:
      return ReplyShape::list;
    case Verb::retr:
    case Verb::top:
      return ReplyShape::message;
    case Verb::stat:
    case Verb::dele:
    case Verb::noop:
    case Verb::count:
    case Verb::quit:
      break;
  }
  return ReplyShape::line;
}

/// How many bytes the answer is expected to bring. A server may claim any size; a size beyond the widest
/// window counts as that window.
std::uint64_t charge(const Command& command) {
  return std::min(command.bytes, command.verb == Verb::top ? header_bytes : widest_window_bytes);
}

/// Whether the command is a proof (Session::want_proof()): its answer brings nothing of a message.
bool is_proof(Verb verb) { return verb == Verb::noop || verb == Verb::count; }

}  // namespace

std::string text_of(const Command& command) {
  const std::string number = std::to_string(command.number);
  switch (command.verb) {
    case Verb::capa:
      return "CAPA";
    case Verb::stat:
    case Verb::count:
      return "STAT";
    case Verb::list:
      return "LIST";
    case Verb::uidl:
      return "UIDL";
    case Verb::retr:
      return "RETR " + number;
    case Verb::top:
      return "TOP " + number + " 0";
    case Verb::dele:
      return "DELE " + number;
    case Verb::noop:
      return "NOOP";
    case Verb::quit:
      break;
  }
  return "QUIT";
}

Exchange::Exchange(net::Stream& stream, const SessionOptions& options)
    : stream_(stream),
      options_(options),
      talk_(options.redact),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {}

void Exchange::trace(char direction, std::string_view line) const {
  if (options_.trace) options_.trace(direction, line);
}

std::string Exchange::redacted(std::string_view words) const {
  return options_.redact ? options_.redact(words) : std::string(words);
}

std::string Exchange::shown(std::string_view words) const { return util::escape(redacted(words)); }

std::size_t Exchange::withdraw() {
  const auto count = wanted_.size();
  wanted_.clear();
  return count;
}

const Command* Exchange::upcoming() const noexcept {
  for (const auto* commands : {&asked_, &urgent_, &wanted_}) {
    if (!commands->empty()) return &commands->front();
  }
  return nullptr;
}

const Command* Exchange::blamed() const noexcept {
  if (!asked_.empty() || !last_answered_) return upcoming();
  if (is_proof(last_answered_->verb)) return nullptr;
  return doubt_.malformed_status && last_answered_->number != 0 ? &*last_answered_ : upcoming();
}

Exchange::Answer Exchange::answer() {
  const Event event = receive();
  const auto& status = std::get<Status>(event);
  last_ok_ = status.ok;
  const auto words = shown(status.text);
  trace('<', (status.ok ? "+OK " : "-ERR ") + words);
  last_words_ = words;
  last_values_ = status.ok ? status.text : std::string_view();
  const Answer answer{asked_.front(), status.ok};
  if (!status.ok || shape_of(answer.command.verb) == ReplyShape::line) forget_asked();
  return answer;
}

std::optional<std::string_view> Exchange::line() {
  const Event event = receive();
  if (const auto* line = std::get_if<Line>(&event)) {
    ++received_;
    return line->text;
  }
  end_reply("lines", received_);
  return std::nullopt;
}

std::optional<std::string_view> Exchange::piece() {
  const Event event = receive();
  if (const auto* chunk = std::get_if<Chunk>(&event)) {
    received_ += chunk->bytes.size();
    if (asked_.front().verb == Verb::top && received_ > longest_header_bytes) {
      fail({util::Kind::protocol, "the server's header does not end: more than 64 MiB"});
    }
    return chunk->bytes;
  }
  end_reply("message bytes", received_);
  return std::nullopt;
}

/// The only place where bytes are sent and received. If that fails, the catch adds to the error which answer
/// was owed.
Event Exchange::receive() {
  if (failed_) throw util::Error(util::Kind::internal, "the session was used after it had failed");
  if (upcoming() == nullptr)
    throw util::Error(util::Kind::internal, "an answer is awaited, but nothing was asked");
  try {
    for (;;) {
      const Event event = talk_.next();
      if (!std::holds_alternative<NeedInput>(event)) return event;
      send_what_may();
      read_more();
    }
  } catch (const util::Error& error) {
    fail(error);
  }
}

void Exchange::send_what_may() {
  for (auto* commands : {&urgent_, &wanted_}) {
    while (!commands->empty() && has_room(commands->front())) {
      send(commands->front());
      commands->pop_front();
    }
  }
  const auto output = talk_.take_output();
  if (!output.empty()) stream_.write(output);
}

void Exchange::send(const Command& command) {
  const auto text = text_of(command);
  trace('>', text);
  talk_.ask(text, shape_of(command.verb));
  if (!is_proof(command.verb)) several_owed_ = !asked_.empty();
  asked_.push_back(command);
  announced_bytes_ += charge(command);
  command_bytes_ += text.size() + 2;
}

/// The bytes that come in three quarters of a second: enough as long as a round trip does not take longer.
std::uint64_t Exchange::window() const noexcept {
  const auto pace = stream_.bytes_per_second();
  if (pace == 0) return first_window_bytes;
  return std::clamp(pace - pace / 4, narrowest_window_bytes, widest_window_bytes);
}

/// How many of the bytes that were asked for, by their announced sizes, have not arrived yet.
std::uint64_t Exchange::bytes_to_come() const {
  const bool in_message = !asked_.empty() && shape_of(asked_.front().verb) == ReplyShape::message;
  return announced_bytes_ - (in_message ? std::min(received_, charge(asked_.front())) : 0);
}

/// A message of any size may follow if at most half of the window is still to come.
bool Exchange::has_room(const Command& command) const {
  if (asked_.empty()) return true;
  if (!pipelining_) return false;
  const auto room = window();
  return asked_.size() < window_commands &&
         command_bytes_ + text_of(command).size() + 2 <= window_command_bytes &&
         bytes_to_come() + std::min(charge(command), room / 2) <= room;
}

void Exchange::read_more() {
  const auto count = stream_.read({buffer_.get(), buffer_bytes});
  if (count == 0) throw util::Error(util::Kind::temporary, "the server closed the connection");
  talk_.feed({buffer_.get(), count});
}

void Exchange::end_reply(const char* what, std::uint64_t count) {
  trace('*', std::to_string(count) + ' ' + what);
  forget_asked();
}

void Exchange::forget_asked() {
  last_answered_ = asked_.front();
  announced_bytes_ -= charge(*last_answered_);
  command_bytes_ -= text_of(*last_answered_).size() + 2;
  asked_.pop_front();
  received_ = 0;
}

void Exchange::disown_answer() {
  failed_ = true;
  doubt_ = {.pipelined = several_owed_, .at_border = false, .malformed_status = true};
  throw util::Error(util::Kind::protocol, "the server's answer is not understood: \"" + last_words() +
                                              "\" (answer to " + text_of(*last_answered_) + ')');
}

void Exchange::fail(const util::Error& error) {
  failed_ = true;
  // If only a proof is unanswered, every message that was asked for has come.
  const bool message_owed = !asked_.empty() && !is_proof(asked_.front().verb);
  doubt_ = {.pipelined = several_owed_,
            .at_border = error.kind() == util::Kind::temporary && talk_.at_border() && message_owed,
            .malformed_status = talk_.malformed_status()};
  const std::string about = circumstances(error.kind());
  throw util::Error(error.kind(), redacted(error.what()) + (about.empty() ? "" : " (" + about + ')'),
                    error.hint());
}

/// Which answer was owed, what came of it, and what had come before: for an error's sentence.
std::string Exchange::circumstances(util::Kind kind) const {
  std::string text = asked_.empty() ? "" : "answer to " + text_of(asked_.front());
  const auto add = [&text](const char* separator, const std::string& words) {
    text += (text.empty() ? "" : separator) + words;
  };
  const bool tells_more = asked_.empty() || doubt_.malformed_status;
  if (tells_more && last_answered_) add(", ", "after " + text_of(*last_answered_));
  if (kind == util::Kind::temporary && !talk_.begun_line().empty())
    add(", ", "cut after \"" + shown(talk_.begun_line()) + '"');
  if (!last_ok_) add("; ", "the last answer was -ERR " + last_words_);
  return text;
}

}  // namespace mailhaul::pop3
