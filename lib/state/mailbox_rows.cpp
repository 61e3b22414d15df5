// SPDX-License-Identifier: MIT
#include "state/mailbox_rows.h"

#include <algorithm>

namespace mailhaul::state {

const RowSummary* MailboxRows::with_id(RowId id) const {
  const auto found = std::ranges::lower_bound(rows_, id, {}, &RowSummary::id);
  return found != rows_.end() && found->id == id ? &*found : nullptr;
}

/// Copies bytes to a place that never moves.
std::string_view MailboxRows::keep(std::string_view bytes) {
  constexpr std::size_t block_bytes = 65536;
  if (text_.empty() || text_.back().capacity() - text_.back().size() < bytes.size()) {
    text_.emplace_back().reserve(std::max(block_bytes, bytes.size()));
  }
  std::string& block = text_.back();
  const std::size_t start = block.size();
  block.append(bytes);
  return std::string_view(block).substr(start);
}

void MailboxRows::mark_landings(std::span<const Landing> landings) {
  auto row = rows_.begin();
  for (const auto& landing : landings) {
    row = std::ranges::lower_bound(row, rows_.end(), landing.row, {}, &RowSummary::id);
    if (row != rows_.end() && row->id == landing.row) row->has_landings = true;
  }
}

}  // namespace mailhaul::state
