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

/// The part of a row that a poll needs, for every row of a mailbox. Light: no hashes.
struct RowSummary {
  RowId id = 0;
  std::string_view uidl;  ///< into MailboxRows's own storage
  std::uint64_t bytes = 0;
  std::uint32_t ordinal = 0, failures = 0;
  Standing standing = Standing::pending;
  bool suspect = false, told = false, has_landings = false;
  std::optional<Time> delivered, due;
};

/// A snapshot of a mailbox's rows: plain data, read by engine::plan(). Movable; views stay valid.
class MailboxRows {
 public:
  std::span<const RowSummary> rows() const noexcept { return rows_; }  ///< by id: as they came
  const RowSummary* with_id(RowId id) const;

 private:
  friend class Store;
  std::vector<std::string> text_;  ///< blocks that stay where they are
  std::vector<RowSummary> rows_;
};

}  // namespace mailhaul::state
