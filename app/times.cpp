// SPDX-License-Identifier: MIT
#include "app/times.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "util/durations.h"

namespace mailhaul::app {

namespace {

std::tm local(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

const char* month_of(const std::tm& parts) {
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return months.at(static_cast<std::size_t>(parts.tm_mon));
}

}  // namespace

std::string shown_time(std::chrono::sys_seconds time, std::chrono::sys_seconds now) {
  const auto parts = local(time);
  const char* month = month_of(parts);
  std::array<char, 48> text{};
  if (parts.tm_year == local(now).tm_year) {
    std::snprintf(text.data(), text.size(), "%2d %s %02d:%02d", parts.tm_mday, month, parts.tm_hour,
                  parts.tm_min);
  } else {
    std::snprintf(text.data(), text.size(), "%2d %s  %d", parts.tm_mday, month, parts.tm_year + 1900);
  }
  return text.data();
}

std::string time_in_text(std::chrono::sys_seconds time, std::chrono::sys_seconds now) {
  std::string text = shown_time(time, now);
  const auto end = std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; });
  text.erase(end, text.end());
  return text.starts_with(' ') ? text.substr(1) : text;
}

std::string logged_time(std::chrono::sys_seconds time) {
  const auto parts = local(time);
  const long minutes = std::labs(parts.tm_gmtoff) / 60;
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                parts.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return text.data();
}

std::string ago(std::chrono::sys_seconds time, std::chrono::sys_seconds now) {
  using namespace std::chrono_literals;
  const auto passed = now - time;
  return passed < 1min ? "just now" : util::roughly(passed) + " ago";
}

std::string time_with_year(std::chrono::sys_seconds time) {
  const auto parts = local(time);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%d %s %d %02d:%02d", parts.tm_mday, month_of(parts),
                parts.tm_year + 1900, parts.tm_hour, parts.tm_min);
  return text.data();
}

}  // namespace mailhaul::app
