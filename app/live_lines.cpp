// SPDX-License-Identifier: MIT
#include "app/live_lines.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "app/columns.h"
#include "util/units.h"

namespace mailhaul::app {
namespace {

using report::Activity;

/// The parts of one line; those that are not known are empty.
struct Parts {
  std::string name, doing;  ///< `doing` replaces the count and all that follows
  std::string short_doing;  ///< the same, as short as possible
  std::string count, size, rate, left;
};

/// How much a line says, from the most to the least. `without_word` leaves "messages" out after "138/400".
enum class Detail { all, without_rate, without_size, without_word, numbers, least };

std::string_view word_of(Activity activity) {
  switch (activity) {
    case Activity::connecting:
      return "connecting";
    case Activity::logging_in:
      return "logging in";
    case Activity::listing:
      return "listing";
  }
  return {};
}

/// What the program still does after Ctrl-C.
std::string stopping_text(const Progress& progress) {
  const std::string again = " (Ctrl-C again: at once)";
  if (progress.removing != 0)
    return "stopping: still removing " + util::counted(progress.removing, "message") + again;
  return (progress.is_receiving ? "stopping: receiving what is on its way" : "stopping") + again;
}

Parts parts_of(const Progress& progress, LiveClock::time_point now, bool is_stopping) {
  Parts parts{.name = progress.account};
  if (is_stopping) {
    parts.doing = stopping_text(progress);
    parts.short_doing = "stopping";
    return parts;
  }
  if (progress.removing != 0) {
    parts.short_doing = "removing " + std::to_string(progress.removing);
    parts.doing = "removing " + util::counted(progress.removing, "message") + " from the server";
    return parts;
  }
  if (!progress.is_receiving) {
    parts.doing = parts.short_doing = word_of(progress.activity);
    return parts;
  }
  parts.count = std::to_string(progress.arrived) + "/" + std::to_string(progress.messages);
  if (progress.bytes == 0) return parts;
  parts.size = util::format_size(progress.received) + " of " + util::format_size(progress.bytes);
  const double seconds = std::chrono::duration<double>(now - progress.begun).count();
  if (seconds <= 0.2 || progress.received == 0) return parts;
  const double rate = static_cast<double>(progress.received) / seconds;
  parts.rate = util::format_size(static_cast<std::uint64_t>(rate)) + "/s";
  const auto rest = progress.bytes > progress.received ? progress.bytes - progress.received : 0;
  parts.left = clock_text(std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(rest) / rate)));
  return parts;
}

void add(std::string& line, const std::string& part) {
  if (!part.empty()) line += "  " + part;
}

/// All that follows the name.
std::string text_of(const Parts& parts, Detail detail) {
  std::string line;
  if (!parts.doing.empty()) {
    add(line, detail <= Detail::without_word ? parts.doing : parts.short_doing);
    return line;
  }
  const bool has_count = !parts.count.empty() && (detail != Detail::least || parts.left.empty());
  if (has_count) add(line, parts.count + (detail < Detail::without_word ? " messages" : ""));
  if (detail < Detail::without_size) add(line, parts.size);
  if (detail == Detail::all) add(line, parts.rate);
  if (!parts.left.empty()) add(line, parts.left + (detail < Detail::numbers ? " left" : ""));
  return line;
}

/// The name in a column of `names`, and as much of the rest as there is room for.
std::string fitted(const Parts& parts, std::size_t names, std::size_t width) {
  std::string text;
  for (const auto detail : {Detail::all, Detail::without_rate, Detail::without_size, Detail::without_word,
                            Detail::numbers, Detail::least}) {
    text = text_of(parts, detail);
    if (names + text.size() <= width) return in_columns(parts.name, names, names) + text;
  }
  if (text.size() >= width) return in_columns(parts.name, 0, width);
  return in_columns(parts.name, 0, width - text.size()) + text;
}

Progress sum_of(std::span<const Progress> accounts, const LiveTotals& totals) {
  Progress sum = totals.ended_ones;
  sum.account = "total";
  sum.is_receiving = sum.messages != 0;
  for (const auto& one : accounts) {
    if (!one.is_receiving) continue;
    if (!sum.is_receiving || one.begun < sum.begun) sum.begun = one.begun;
    sum.is_receiving = true;
    sum.messages += one.messages;
    sum.arrived += one.arrived;
    sum.bytes += one.bytes;
    sum.received += one.received;
  }
  return sum;
}

Parts total_of(std::span<const Progress> accounts, const LiveTotals& totals, LiveClock::time_point now) {
  auto parts = parts_of(sum_of(accounts, totals), now, totals.is_stopping);
  if (totals.is_stopping)
    parts.doing = "stopping (Ctrl-C again: at once)";  // the most that fits beside the name
  else if (!parts.doing.empty())
    parts.doing = parts.short_doing = "";
  return parts;
}

/// "total, 3 of 12 accounts done"; "3/12" where there is less room.
std::string total_name(const LiveTotals& totals, std::size_t width) {
  if (width < 60) return "total " + std::to_string(totals.ended) + "/" + std::to_string(totals.accounts);
  return "total, " + std::to_string(totals.ended) + " of " + util::counted(totals.accounts, "account") +
         " done";
}

}  // namespace

std::string clock_text(std::chrono::seconds time) {
  const auto seconds = static_cast<long long>(time.count());
  std::array<char, 48> text{};
  if (seconds < 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", seconds / 60, seconds % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
  }
  return text.data();
}

std::vector<std::string> live_lines(std::span<const Progress> accounts, const LiveTotals& totals,
                                    Window window, LiveClock::time_point now) {
  const std::size_t width = std::max<std::size_t>(window.columns, 2) - 1;
  const std::size_t most = std::max<std::size_t>(window.rows, 2) - 1;
  const bool has_total = totals.accounts > 1;
  std::size_t shown = accounts.size();
  if (shown + (has_total ? 1 : 0) > most) shown = most > 2 ? most - 2 : 0;
  std::size_t names = 0;
  for (const auto& one : accounts.first(shown)) names = std::max(names, columns_of(one.account));
  if (accounts.size() > 1) names = std::min(names, std::max<std::size_t>(width / 3, 8));
  std::vector<std::string> lines;
  for (const auto& one : accounts.first(shown)) {
    auto parts = parts_of(one, now, totals.is_stopping);
    if (has_total) parts.doing = parts.short_doing;  // the total explains it
    lines.push_back(fitted(parts, names, width));
  }
  if (shown > 0 && shown < accounts.size())
    lines.push_back(
        in_columns("... and " + util::counted(accounts.size() - shown, "more account"), 0, width));
  if (has_total) {
    auto total = total_of(accounts, totals, now);
    total.name = total_name(totals, width);
    lines.push_back(fitted(total, columns_of(total.name), width));
  }
  return lines;
}

}  // namespace mailhaul::app
