// SPDX-License-Identifier: MIT
// Options and steps of fdm that have no counterpart, and its units of time.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace mailhaul::setup {

/// What to do about "set NAME"; empty: it has a counterpart, or mailhaul does the same anyway.
std::string_view fdm_option_advice(std::string_view name);

/// The same for a word of an account.
std::string_view fdm_account_advice(std::string_view word);

/// Whether an action can have a step of this name that has no counterpart.
bool is_fdm_step_elsewhere(std::string_view name);

/// How long a unit of time is, "minutes"; empty: it is none.
std::optional<std::chrono::seconds> fdm_unit(std::string_view name);

}  // namespace mailhaul::setup
