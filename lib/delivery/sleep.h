// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string_view>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// Sleeps for `time`. Throws Error{cancelled} "stopped while DOING" as soon as the run is cancelled.
void sleep_unless_cancelled(const RunContext& context, std::chrono::milliseconds time,
                            std::string_view doing);

}  // namespace mailhaul::delivery
