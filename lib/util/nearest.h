// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// The candidate closest to `name` (edit distance, at most a third of its length, or 1 if it has several
/// letters); empty if none is close.
std::string nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace mailhaul::util
