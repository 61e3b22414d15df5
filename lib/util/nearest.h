// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// The candidate most like `name` (edit distance, at most a third of its length); empty when none is near.
std::string nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace mailhaul::util
