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

}  // namespace mailhaul::util
