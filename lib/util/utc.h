// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>

namespace mailhaul::util {

/// "2026-03-01T12:34:56Z".
std::string format_utc(std::chrono::sys_seconds time);

}  // namespace mailhaul::util
