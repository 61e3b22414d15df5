// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// The candidate with the smallest edit distance to `name`; empty if none is close. Close means at most a
/// third of the length of `name`; if `name` has more than one letter, a distance of 1 is close as well.
std::string nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace mailhaul::util
