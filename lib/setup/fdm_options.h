// SPDX-License-Identifier: MIT
// Options and steps of fdm that have no counterpart, and the sizes and times that fdm understands.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace mailhaul::setup {

/// What to do about "set NAME"; empty: it has a counterpart, or mailhaul does the same anyway.
std::string_view fdm_option_advice(std::string_view name);

/// The same for a word of an account.
std::string_view fdm_account_advice(std::string_view word);

/// Whether fdm has a step of this name for its actions, and mailhaul has no counterpart.
bool is_fdm_step_elsewhere(std::string_view name);

/// The time that "5" and "minutes" mean, a day at most. No unit means seconds. Empty for a bad or zero count.
std::optional<std::chrono::seconds> fdm_time(std::string_view count, std::string_view unit);
/// "128", "128M" or "128megabytes" in bytes. Empty: it is none of these.
std::optional<std::uint64_t> fdm_size(std::string_view text);

}  // namespace mailhaul::setup
