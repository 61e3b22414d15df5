// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>

namespace mailhaul::util {

/// As people say it, in the largest unit that is not coarse: "40 seconds", "55 minutes", "2 hours", "3 days".
std::string roughly(std::chrono::seconds duration);

}  // namespace mailhaul::util
