// SPDX-License-Identifier: MIT
#include "util/utc.h"

#include <array>
#include <ctime>

namespace mailhaul::util {

std::string format_utc(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

std::optional<std::chrono::sys_seconds> parse_utc(std::string_view text) {
  const std::string whole(text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text));
  std::tm parts{};
  const char* end = ::strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::chrono::sys_seconds time(std::chrono::seconds(::timegm(&parts)));
  if (format_utc(time) != whole) return std::nullopt;  // 30 February, or a digit too few
  return time;
}

}  // namespace mailhaul::util
