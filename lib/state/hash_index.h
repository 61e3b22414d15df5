// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "state/rows.h"

namespace mailhaul::state {

/// From hashes to the rows that may bear them: held in memory, by the first 8 bytes, 16 bytes a row. It
/// serves servers without usable unique-ids; others never need it, so the database spends no room on it. What
/// it names is to be checked against the row: entries are never taken out.
class HashIndex {
 public:
  void add(const std::optional<util::Hash>& hash, RowId row);  ///< an absent hash adds nothing
  std::vector<RowId> candidates(const util::Hash& hash);       ///< ascending, each once

 private:
  using Entry = std::pair<std::uint64_t, RowId>;
  std::vector<Entry> entries_;
  std::size_t sorted_ = 0;  ///< so many from the start are in order
};

}  // namespace mailhaul::state
