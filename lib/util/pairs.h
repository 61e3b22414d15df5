// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mailhaul::util {

/// The index of the first byte that, with the byte after it, passes `test(byte, next)`; npos if there is
/// none. Meant for pairs that are rare: nearly all bytes of all mail pass through it, 16 at a time.
/// REQUIRES: the test is a generic lambda made of ==, != and &, which also takes vectors of bytes.
template <class Test>
[[nodiscard]] std::size_t find_pair(std::string_view text, Test test) {
  using Bytes = signed char __attribute__((vector_size(16)));
  constexpr std::ptrdiff_t block_bytes = 4 * sizeof(Bytes);
  const auto bytes_at = [](const char* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
  };
  const auto is_in_block = [&](const char* block) {
    Bytes found{};
    for (const char* at = block; at != block + block_bytes; at += sizeof found)
      found |= test(bytes_at(at), bytes_at(at + 1));
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), &found, sizeof found);
    return (halves[0] | halves[1]) != 0;
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  if (end - at > block_bytes) {
    const char* const last = end - block_bytes - 1;  // overlaps the block before it
    while (at != last && !is_in_block(at)) at = std::min(at + block_bytes, last);
    if (at == last && !is_in_block(at)) return text.npos;
  }
  at = std::adjacent_find(at, end, test);
  return at == end ? text.npos : static_cast<std::size_t>(at - text.data());
}

}  // namespace mailhaul::util
