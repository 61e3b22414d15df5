// SPDX-License-Identifier: MIT
#include "util/durations.h"

#include <cstdint>

#include "util/units.h"

namespace mailhaul::util {

std::string roughly(std::chrono::seconds duration) {
  using namespace std::chrono_literals;
  const auto in_units = [&duration](std::chrono::seconds unit, const char* noun) {
    return counted(static_cast<std::uint64_t>(duration / unit), noun);
  };
  if (duration < 1min) return in_units(1s, "second");
  if (duration < 2h) return in_units(1min, "minute");
  if (duration < 48h) return in_units(1h, "hour");
  return in_units(24h, "day");
}

}  // namespace mailhaul::util
