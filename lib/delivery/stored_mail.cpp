// SPDX-License-Identifier: MIT
#include "delivery/stored_mail.h"

#include <algorithm>
#include <utility>

#include "util/ascii.h"

namespace mailhaul::delivery {

std::optional<IdParts> parts_of_id(std::string_view id) {
  constexpr std::string_view digits = "0123456789", mark = ".mh";
  constexpr std::size_t instance_length = 8;
  const auto seconds = id.substr(0, id.find_first_not_of(digits));
  const auto number = util::parse_number(seconds);
  if (!number || *number > std::uint64_t{1} << 40U || !id.substr(seconds.size()).starts_with(mark))
    return std::nullopt;
  const auto made = id.substr(seconds.size() + mark.size());
  const auto mailbox = made.substr(std::min(instance_length, made.size()));
  const auto end = mailbox.find('m');
  if (end == 0 || end == std::string_view::npos || mailbox.find('.', end) == std::string_view::npos)
    return std::nullopt;
  return IdParts{.instance = std::string(made.substr(0, instance_length)),
                 .mailbox = std::string(mailbox.substr(0, end)),
                 .time = std::chrono::sys_seconds(std::chrono::seconds(*number))};
}

namespace {

constexpr std::string_view trace_begin = "Received: from ", trace_end = " (mailhaul)\n", id_begin = "\tid ";
constexpr std::size_t most_of_trace = 4096;

/// Reads the trace header at the start of the text into `message`. Returns its length; 0: there is none.
std::size_t read_trace_header(std::string_view text, StoredMessage& message) {
  const auto first = text.find('\n');
  if (!text.starts_with(trace_begin) || first == std::string_view::npos ||
      !text.substr(0, first + 1).ends_with(trace_end))
    return 0;
  const auto second = text.substr(first + 1);
  const auto end = second.find('\n');
  const auto semicolon = second.find(';');
  if (end == std::string_view::npos || semicolon > end || !second.starts_with(id_begin)) return 0;
  const auto id = second.substr(id_begin.size(), semicolon - id_begin.size());
  if (!parts_of_id(id)) return 0;
  const auto host = text.substr(trace_begin.size(), first - trace_begin.size());
  message.server = host.substr(0, host.find(' '));
  message.id = id;
  return first + 1 + end + 1;
}

}  // namespace

void StoredText::start(StoredMessage message) {
  message_ = std::move(message);
  head_.clear();
  decided_ = wanted_ = false;
}

bool StoredText::append(std::string_view text) {
  if (decided_) {
    put(text);
    return wanted_;
  }
  head_ += text;
  const bool may_be_trace =
      std::string_view(head_).substr(0, trace_begin.size()) == trace_begin.substr(0, head_.size());
  const auto first = head_.find('\n');
  const bool two_lines = first != std::string::npos && head_.find('\n', first + 1) != std::string::npos;
  if (!may_be_trace || two_lines || head_.size() > most_of_trace) decide();
  return !decided_ || wanted_;
}

void StoredText::finish() {
  if (!decided_) decide();
  if (wanted_) visitor_.end();
}

void StoredText::decide() {
  decided_ = true;
  const auto trace = read_trace_header(head_, message_);
  if (const auto parts = parts_of_id(message_.id)) message_.time = parts->time;
  wanted_ = visitor_.begin(message_);
  put(std::string_view(head_).substr(trace));
  head_.clear();
}

void StoredText::put(std::string_view text) {
  if (!wanted_) return;
  wire_.clear();
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    wire_.append(text.substr(0, end)).append("\r\n");
    text.remove_prefix(end + 1);
  }
  visitor_.append(wire_.append(text));
}

}  // namespace mailhaul::delivery
