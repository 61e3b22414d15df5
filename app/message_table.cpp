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

/// As shown_time(); what cannot be understood as it is.
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
      what_ = std::max(what_, report::name_of(message.action).size() + 2 + message.reason.size());
  }
  if (style_.columns == 0) return;
  const auto taken = number_ + date_columns + size_ + what_ + 10 + (style_.uids ? uid_ + 2 : 0);
  const auto left = style_.columns > taken + 16 ? style_.columns - taken : 16;
  from_ = std::min<std::size_t>(left / 3, 30);
  subject_ = left - from_;
}

std::string MessageTable::line(const std::string& number_to_size, const std::string& from,
                               const std::string& subject, const std::string& what) const {
  const bool cut = style_.columns != 0;
  return without_blanks_at_end(number_to_size + "  " + in_columns(from, from_, cut ? from_ : unlimited) +
                               "  " + in_columns(subject, subject_, cut ? subject_ : unlimited) + "  " +
                               what);
}

std::string MessageTable::heading() const {
  return line(right_aligned("NO", number_) + "  " + in_columns("DATE", date_columns) + "  " +
                  right_aligned("SIZE", size_) + (style_.uids ? "  " + in_columns("UID", uid_) : ""),
              "FROM", "SUBJECT", "WHAT");
}

std::string MessageTable::row(const engine::ListedMessage& message) const {
  std::string what(report::name_of(message.action));
  if (style_.reasons) what.append(": ").append(message.reason);
  return line(right_aligned("#" + std::to_string(message.number), number_) + "  " +
                  in_columns(shown_date(message.date, now_), date_columns, date_columns) + "  " +
                  right_aligned(util::format_size(message.bytes), size_) +
                  (style_.uids ? "  " + in_columns(message.uid, uid_) : ""),
              message.from.empty() ? "" : sender_name(message.from), decoded(message.subject), what);
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
  return text + "\n";
}

}  // namespace mailhaul::app
