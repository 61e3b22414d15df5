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

/// The part of a row that a poll needs: no hashes.
struct RowSummary {
  RowId id = 0;
  std::string_view uidl;  ///< in the storage of its MailboxRows
  std::uint64_t bytes = 0;
  std::uint32_t ordinal = 0, failures = 0;
  Standing standing = Standing::pending;
  bool suspect = false, told = false, has_landings = false;
  std::optional<Time> delivered, due;
};

/// A snapshot of all rows of a mailbox: plain data, read by engine::plan(). It can be moved, and its views
/// stay valid.
class MailboxRows {
 public:
  std::span<const RowSummary> rows() const noexcept {
    return rows_;
  }                                                         ///< by id: in the order of their coming
  [[nodiscard]] const RowSummary* with_id(RowId id) const;  ///< null when there is none

 private:
  friend class MessageTable;
  friend class Store;
  std::string_view keep(std::string_view bytes);
  void mark_landings(std::span<const Landing> landings);  ///< by row

  std::vector<std::string> text_;  ///< blocks that stay where they are
  std::vector<RowSummary> rows_;
};

}  // namespace mailhaul::state
