// SPDX-License-Identifier: MIT
// Times as people read them: local, and as short as they can be.
#pragma once
#include <chrono>
#include <string>

namespace mailhaul::app {

/// "27 Nov 08:23"; "27 Nov  2024" in another year than `now`: always 12 columns.
std::string shown_time(std::chrono::sys_seconds time, std::chrono::sys_seconds now);

/// The same for the middle of a sentence: without blanks that only fill columns.
std::string time_in_text(std::chrono::sys_seconds time, std::chrono::sys_seconds now);

/// "2026-11-28T06:04:55+01:00": the local time, with its offset from UTC.
std::string logged_time(std::chrono::sys_seconds time);

/// "5 minutes ago", "2 days ago"; "just now" within a minute and for a time in the future.
std::string ago(std::chrono::sys_seconds time, std::chrono::sys_seconds now);

/// "27 Nov 2026 08:23".
std::string time_with_year(std::chrono::sys_seconds time);

}  // namespace mailhaul::app
