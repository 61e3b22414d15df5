// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "state/rows.h"

namespace mailhaul::state {

/// Finds the rows that may have a certain hash. It is kept in memory, with 16 bytes for each row, and
/// compares only the first 8 bytes of a hash. Entries are never removed, so the caller has to compare the row
/// itself. Only servers without usable unique-ids need it; that is why the database has no such index.
class HashIndex {
 public:
  void add(const std::optional<util::Hash>& hash, RowId row);  ///< does nothing without a hash
  std::vector<RowId> candidates(const util::Hash& hash);       ///< ascending, each once

 private:
  using Entry = std::pair<std::uint64_t, RowId>;
  std::vector<Entry> entries_;
  std::size_t sorted_ = 0;  ///< this many from the start are in order
};

}  // namespace mailhaul::state
