// SPDX-License-Identifier: MIT
// Checksums of what is stored. They detect damage, not malice.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "state/rows.h"

namespace mailhaul::state {

/// A checksum of values that are added one by one. When one of them changes, the checksum changes.
class Checksum {
 public:
  void add(std::uint64_t value) noexcept {
    // Each step can be reversed, so different values stay different.
    value_ = (value_ ^ value) * 0x9e3779b97f4a7c15U;
    value_ ^= value_ >> 32U;
  }
  void add(std::string_view bytes) noexcept {
    add(bytes.size());
    for (; bytes.size() >= word_bytes; bytes.remove_prefix(word_bytes)) add(word(bytes));
    if (!bytes.empty()) add(word(bytes));
  }
  void add(const std::optional<std::int64_t>& value) noexcept {
    add(static_cast<std::uint64_t>(value.value_or(INT64_MIN)));
  }
  void add(const std::optional<Time>& time) noexcept {
    add(static_cast<std::uint64_t>(time ? time->time_since_epoch().count() : INT64_MIN));
  }
  void add(const std::optional<util::Hash>& hash) noexcept {
    if (hash) return add(std::string_view(reinterpret_cast<const char*>(hash->data()), hash->size()));
    add(std::string_view());
  }

  std::uint64_t value() const noexcept { return value_; }
  /// 32 bits, to be stored in a row: they miss one error in four billion.
  std::int64_t short_value() const noexcept { return static_cast<std::int64_t>(value_ & 0xffffffffU); }

 private:
  static constexpr std::size_t word_bytes = sizeof(std::uint64_t);

  /// The first eight bytes, or all if there are fewer: the same number on every machine.
  static std::uint64_t word(std::string_view bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size() < word_bytes ? bytes.size() : word_bytes);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
  }

  std::uint64_t value_ = 0x243f6a8885a308d3U;
};

/// The number of rows and the sum of their checksums. They show whether a row is missing, or differs from the
/// one that was written.
struct RowTotals {
  std::int64_t count = 0;
  std::uint64_t sum = 0;
  void add(std::uint64_t checksum) noexcept {
    ++count;
    sum += checksum;
  }
  void remove(std::uint64_t checksum) noexcept {
    --count;
    sum -= checksum;
  }
  bool operator==(const RowTotals&) const = default;
};

}  // namespace mailhaul::state
