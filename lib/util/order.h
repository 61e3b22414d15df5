// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mailhaul::util {

/// The positions of these words in the order of their bytes; equal ones stay as they stand.
std::vector<std::uint32_t> order_of(std::span<const std::string_view> words);

}  // namespace mailhaul::util
