// SPDX-License-Identifier: MIT
#include "util/order.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mailhaul::util {

namespace {

/// How many bytes all words begin with in common.
std::size_t common_prefix(std::span<const std::string_view> words) {
  std::string_view common = words.front();
  for (const auto word : words) {
    const auto differ = std::ranges::mismatch(common, word).in1;
    common = common.substr(0, static_cast<std::size_t>(differ - common.begin()));
  }
  return common.size();
}

/// The first 8 bytes as a number that compares like them; shorter ones are filled up with zeros.
std::uint64_t leading_bytes(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  return value;
}

}  // namespace

// Nearly always decided by eight bytes kept beside the position, so that the sort does not fetch words from
// all over the memory.
std::vector<std::uint32_t> order_of(std::span<const std::string_view> words) {
  std::vector<std::uint32_t> order(words.size());
  std::iota(order.begin(), order.end(), 0U);
  if (std::ranges::is_sorted(words)) return order;  // many servers number their messages upwards
  struct Key {
    std::uint64_t leading;
    std::uint32_t place;
  };
  const std::size_t common = common_prefix(words);
  std::vector<Key> keys;
  keys.reserve(words.size());
  for (const auto word : words) {
    keys.push_back({leading_bytes(word.substr(common)), static_cast<std::uint32_t>(keys.size())});
  }
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (a.leading != b.leading) return a.leading < b.leading;
    const int compared = words[a.place].compare(words[b.place]);
    return compared != 0 ? compared < 0 : a.place < b.place;
  });
  std::ranges::transform(keys, order.begin(), &Key::place);
  return order;
}

}  // namespace mailhaul::util
