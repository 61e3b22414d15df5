// SPDX-License-Identifier: MIT
#include "app/message_table.h"

#include <algorithm>
#include <utility>

#include "app/columns.h"
#include "app/header_text.h"
#include "app/times.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// The date as shown_time() writes it, or the field itself if it cannot be read.
std::string shown_date(const std::string& field, std::chrono::sys_seconds now) {
  const auto time = parse_date(field);
  return time ? shown_time(*time, now) : field;
}

std::string without_blanks_at_end(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

constexpr std::size_t date_columns = 12;

}  // namespace

MessageTable::MessageTable(Style style, const engine::MailboxListing& listing, std::chrono::sys_seconds now)
    : style_(style), now_(now) {
  for (const auto& message : listing.messages) {
    number_ = std::max(number_, std::to_string(message.number).size() + 1);
    uid_ = std::max(uid_, message.uid.size());
    size_ = std::max(size_, util::format_size(message.bytes).size());
    if (style_.reasons)
      what_ = std::max(what_, report::name_of(message.action).size() + 2 + reason_of(message, now_).size());
  }
  if (style_.columns != 0) fit();
}

/// Leaves out columns until sender and subject have room, unless all columns are asked for with -v.
void MessageTable::fit() {
  constexpr std::size_t least = 16, least_subject = 4, gap = 2;
  const auto room = [this] {
    auto taken = number_ + what_ + gap;
    if (has_size_) taken += size_ + gap;
    if (has_date_) taken += date_columns + gap;
    if (style_.uids) taken += uid_ + gap;
    if (has_from_) taken += gap;
    if (has_subject_) taken += gap;
    return style_.columns > taken ? style_.columns - taken : 0;
  };
  if (!style_.reasons) {
    has_size_ = room() >= least;
    has_date_ = room() >= least;
    has_from_ = room() >= least;
    has_subject_ = room() >= least_subject;
  }
  const auto left = std::max(room(), style_.reasons ? least : least_subject);
  from_ = has_from_ ? std::min<std::size_t>(left / 3, 30) : 0;
  subject_ = left - from_;
}

std::string MessageTable::line(const Cells& cells) const {
  const auto widest = [this](std::size_t width) { return style_.columns != 0 ? width : unlimited; };
  std::string text = right_aligned(cells.number, number_);
  const auto add = [&text](const std::string& cell) { text.append("  ") += cell; };
  if (has_date_) add(in_columns(cells.date, date_columns, date_columns));
  if (has_size_) add(right_aligned(cells.size, size_));
  if (style_.uids) add(in_columns(cells.uid, uid_));
  if (has_from_) add(in_columns(cells.from, from_, widest(from_)));
  if (has_subject_) add(in_columns(cells.subject, subject_, widest(subject_)));
  add(cells.what);
  return without_blanks_at_end(text);
}

std::string MessageTable::heading() const {
  return line({.number = "NO",
               .date = "DATE",
               .size = "SIZE",
               .uid = "UID",
               .from = "FROM",
               .subject = "SUBJECT",
               .what = "WHAT"});
}

std::string MessageTable::row(const engine::ListedMessage& message) const {
  std::string what(report::name_of(message.action));
  if (style_.reasons) what.append(": ").append(reason_of(message, now_));
  return line({.number = "#" + std::to_string(message.number),
               .date = shown_date(message.date, now_),
               .size = util::format_size(message.bytes),
               .uid = message.uid,
               .from = message.from.empty() ? "" : sender_name(message.from),
               .subject = decoded(message.subject),
               .what = what});
}

std::string reason_of(const engine::ListedMessage& message, std::chrono::sys_seconds now) {
  std::string reason(message.reason);
  if (message.due) reason += "; stays until " + time_in_text(*message.due, now);
  return reason;
}

std::string total_of(const engine::MailboxListing& listing) {
  using enum report::Action;
  constexpr std::array<std::pair<report::Action, const char*>, 5> words{{{fetch, " to fetch"},
                                                                         {verify, " to compare"},
                                                                         {remove, " to remove"},
                                                                         {leave, " left"},
                                                                         {skip, " skipped"}}};
  std::uint64_t bytes = 0;
  for (const auto& message : listing.messages) bytes += message.bytes;
  std::string text = util::counted(listing.messages.size(), "message") + ", " + util::format_size(bytes);
  const char* separator = ": ";
  for (const auto& [action, word] : words) {
    const auto count = std::ranges::count(listing.messages, action, &engine::ListedMessage::action);
    if (count == 0) continue;
    text += separator + std::to_string(count) + word;
    separator = ", ";
  }
  return text;
}

}  // namespace mailhaul::app
