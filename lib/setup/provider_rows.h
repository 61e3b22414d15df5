// SPDX-License-Identifier: MIT
// The parts of the table, by where most customers live. Sources are the providers' own pages where there is
// one, and otherwise the entry of the public ISPDB; rows and sentences are our own.
#pragma once
#include <span>

#include "setup/providers.h"

namespace mailhaul::setup {

std::span<const Provider> providers_of_the_world();
std::span<const Provider> providers_of_italy();
std::span<const Provider> providers_of_german_lands();
std::span<const Provider> providers_of_europe();

/// The day on which all rows were last checked; a row that is checked again gets a day of its own.
inline constexpr std::string_view first_check = "2026-11-27";

}  // namespace mailhaul::setup
