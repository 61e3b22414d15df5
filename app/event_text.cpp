// SPDX-License-Identifier: MIT
#include "app/event_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "app/header_text.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// " from Anna <anna@example.org>, "Invoice", <1@example.org>": what is known of the message.
std::string title_of(const report::MessageEvent& message, std::size_t columns) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? " " : ", ") + part; };
  if (!message.from.empty()) add("from " + in_columns(decoded(message.from), 0, columns));
  if (!message.subject.empty()) add("\"" + in_columns(decoded(message.subject), 0, columns) + "\"");
  if (!message.message_id.empty()) add(in_columns(message.message_id, 0, columns));
  return text;
}

/// " to PATH, PATH": the files that the message is in, or the places that it went to if it is in no file.
std::string places_of(const report::MessageEvent& message) {
  if (message.arrivals.empty()) return {};
  return " to " + util::joined(message.arrivals, [](const report::Arrival& arrival) {
           return arrival.path.empty() ? arrival.target : arrival.path;
         });
}

/// "; 395 more wait (max_messages)": what was not delivered, and why.
std::string waiting_text(const report::Totals& totals) {
  if (totals.waiting == 0) return {};
  std::string why;
  const auto add_reason = [&](std::uint32_t count, const std::string& reason) {
    if (count == 0) return;
    why += (why.empty() ? "" : ", ") + (count == totals.waiting ? "" : std::to_string(count) + ": ") + reason;
  };
  add_reason(totals.over_limit, std::string(totals.limit));
  add_reason(totals.too_large, "larger than max_size");
  add_reason(std::min(totals.failed, totals.waiting), "failed");
  return "; " + std::to_string(totals.waiting) + (totals.fetched == 0 ? "" : " more") +
         (totals.waiting == 1 ? " waits" : " wait") + (why.empty() ? "" : " (" + why + ")");
}

}  // namespace

std::string text_of(const report::MessageEvent& message, std::size_t field_columns) {
  std::string text(report::name_of(message.action));
  text.append(" ").append(message.uid).append(" (").append(util::format_size(message.bytes)).append(")");
  text += title_of(message, field_columns) + places_of(message);
  if (!message.reason.empty()) text.append(": ").append(message.reason);
  return text;
}

std::string text_of(const report::Totals& totals, std::string_view nothing) {
  std::string text(nothing);
  if (totals.fetched != 0) {
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.1f s", totals.seconds);
    text = util::counted(totals.fetched, "new message") + ", " + util::format_size(totals.bytes) + ", in " +
           seconds.data();
  }
  if (totals.removed != 0) text += "; " + std::to_string(totals.removed) + " removed from the server";
  const auto stay = totals.left - std::min(totals.left, totals.waiting + totals.unconfirmed);
  if (stay != 0)
    text += "; " + std::to_string(stay) +
            (totals.fetched == 0 ? " left on the server, already fetched or marked" : " left on the server");
  if (totals.unconfirmed != 0)
    text += "; removal of " + std::to_string(totals.unconfirmed) + " from the server not confirmed";
  return text + waiting_text(totals);
}

std::string why_nothing_came(const std::string& command, const report::Totals& totals) {
  if (totals.fetched != 0 || !totals.is_new_place || totals.left <= totals.waiting) return {};
  return " (delivered to a different destination before; " + command + " fetches it again)";
}

}  // namespace mailhaul::app
