// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/rows.h"

namespace mailhaul::state {

/// Like std::optional<Time>, but in half the memory.
class OptionalTime {
 public:
  OptionalTime() = default;
  OptionalTime(Time time) noexcept : time_(time) {}
  OptionalTime(std::optional<Time> time) noexcept : time_(time.value_or(none)) {}
  explicit operator bool() const noexcept { return time_ != none; }
  Time operator*() const noexcept { return time_; }
  operator std::optional<Time>() const noexcept { return *this ? std::optional(time_) : std::nullopt; }

 private:
  static constexpr Time none = Time::min();
  Time time_ = none;
};

/// The part of a row that a poll needs: everything but the hashes, the ordinal, and what few rows have. A
/// poll may hold more than 100,000 summaries.
struct RowSummary {
  RowId id = 0;
  std::string_view uidl;  ///< in the storage of its MailboxRows
  std::uint64_t bytes = 0;
  std::uint32_t failures = 0;
  Standing standing = Standing::pending;
  bool suspect = false, told = false, has_landings = false;
  OptionalTime delivered, due;

  /// True if it was delivered or handed to standard output, and is not known to be gone from the server.
  [[nodiscard]] bool was_taken() const {
    return standing == Standing::delivered || (standing == Standing::seen && delivered);
  }
};

/// A snapshot of all rows of a mailbox, for engine::plan() and others. The views in it stay valid when it is
/// moved.
class MailboxRows {
 public:
  /// By id, the order in which they were added.
  std::span<const RowSummary> rows() const noexcept { return rows_; }
  [[nodiscard]] const RowSummary* with_id(RowId id) const;  ///< null when there is none

 private:
  friend class MessageTable;
  friend class Store;
  std::string_view keep(std::string_view bytes);
  void mark_landings(std::span<const Landing> landings);  ///< by row

  std::vector<std::string> text_;  ///< blocks that are never moved
  std::vector<RowSummary> rows_;
};

}  // namespace mailhaul::state
