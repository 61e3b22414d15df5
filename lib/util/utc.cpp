// SPDX-License-Identifier: MIT
#include "util/utc.h"

#include <array>
#include <cstdio>

// This file does not use gmtime_r() and timegm(), because they first read the file of the local time zone.
namespace mailhaul::util {

std::string format_utc(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::chrono::sys_seconds> parse_utc(std::string_view text) {
  const std::string whole(text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text));
  std::tm parts{};
  const char* end = ::strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto time = utc_of(parts);
  if (format_utc(time) != whole || whole[0] == '0')
    return std::nullopt;  // 30 February, a digit too few, a year before 1000
  return time;
}

std::chrono::sys_seconds utc_of(const std::tm& parts) {
  const std::chrono::year_month_day date(std::chrono::year(parts.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
                                         std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return std::chrono::sys_days(date) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

}  // namespace mailhaul::util
