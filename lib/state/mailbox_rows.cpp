// SPDX-License-Identifier: MIT
#include "state/mailbox_rows.h"

#include <algorithm>

#include "state/connection.h"
#include "state/store.h"

namespace mailhaul::state {

const RowSummary* MailboxRows::with_id(RowId id) const {
  const auto found = std::ranges::lower_bound(rows_, id, {}, &RowSummary::id);
  return found != rows_.end() && found->id == id ? &*found : nullptr;
}

namespace {

/// Copies bytes to where they will not move.
std::string_view keep(std::vector<std::string>& blocks, std::string_view bytes) {
  constexpr std::size_t block_bytes = 65536;
  if (blocks.empty() || blocks.back().capacity() - blocks.back().size() < bytes.size()) {
    blocks.emplace_back().reserve(std::max(block_bytes, bytes.size()));
  }
  std::string& block = blocks.back();
  const std::size_t start = block.size();
  block.append(bytes);
  return std::string_view(block).substr(start);
}

/// Adds all rows, by id.
void read_rows(Cursor stored, std::vector<RowSummary>& rows, std::vector<std::string>& text) {
  while (stored.next()) {
    RowSummary& row = rows.emplace_back();
    row.id = stored.integer(0);
    row.standing = stored.choice(1, Standing::gone);
    row.bytes = static_cast<std::uint64_t>(stored.integer(2));
    row.ordinal = static_cast<std::uint32_t>(stored.integer(3));
    row.suspect = stored.integer(4) != 0;
    row.told = stored.integer(5) != 0;
    row.delivered = stored.time(6);
    row.due = stored.time(7);
    row.failures = static_cast<std::uint32_t>(stored.integer(9));
    row.uidl = keep(text, stored.bytes(8));
  }
}

void mark_landings(std::vector<RowSummary>& rows, Cursor landings) {
  auto row = rows.begin();
  while (landings.next()) {
    const RowId id = landings.integer(0);
    row = std::ranges::lower_bound(row, rows.end(), id, {}, &RowSummary::id);
    if (row != rows.end() && row->id == id) row->has_landings = true;
  }
}

}  // namespace

std::size_t Store::row_count_at_most(MailboxId mailbox) const {
  auto span = connection_->span_of_ids.query(mailbox);
  return span.next() ? static_cast<std::size_t>(std::max<std::int64_t>(span.integer(0), 0)) : 0;
}

MailboxRows Store::rows(MailboxId mailbox) const {
  constexpr std::size_t enough = 1'000'000;  // ids may have gaps
  MailboxRows seen;
  // Growing would cost a quarter of the whole reading.
  seen.rows_.reserve(std::min(row_count_at_most(mailbox), enough));
  read_rows(connection_->summaries.query(mailbox), seen.rows_, seen.text_);
  mark_landings(seen.rows_, connection_->rows_with_landings.query(mailbox));
  return seen;
}

}  // namespace mailhaul::state
