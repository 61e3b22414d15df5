// SPDX-License-Identifier: MIT
#include "state/seen.h"

#include <algorithm>
#include <numeric>

#include "state/connection.h"
#include "state/store.h"

namespace mailhaul::state {

std::span<const SeenRow> Seen::with_uidl(std::string_view uidl) const {
  const auto first = std::ranges::lower_bound(rows_, uidl, {}, &SeenRow::uidl);
  return {first, std::ranges::upper_bound(first, rows_.end(), uidl, {}, &SeenRow::uidl)};
}

const SeenRow* Seen::with_id(RowId id) const {
  const auto id_at = [this](std::uint32_t index) { return rows_[index].id; };
  const auto found = std::ranges::lower_bound(by_id_, id, {}, id_at);
  return found != by_id_.end() && id_at(*found) == id ? &rows_[*found] : nullptr;
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
void read_rows(Cursor stored, std::vector<SeenRow>& rows, std::vector<std::string>& text) {
  while (stored.next()) {
    SeenRow& row = rows.emplace_back();
    row.id = stored.integer(0);
    row.standing = stored.choice(1, Standing::gone);
    row.bytes = static_cast<std::uint64_t>(stored.integer(2));
    row.ordinal = static_cast<std::uint32_t>(stored.integer(3));
    row.suspect = stored.integer(4) != 0;
    row.told = stored.integer(5) != 0;
    row.delivered = stored.time(6);
    row.due = stored.time(7);
    row.uidl = keep(text, stored.bytes(8));
  }
}

/// Room for as many rows as the ids allow: growing would cost a quarter of the whole reading.
std::size_t expected_rows(Cursor span_of_ids) {
  constexpr std::int64_t most = 1'000'000;  // ids may have gaps
  return span_of_ids.next()
             ? static_cast<std::size_t>(std::clamp<std::int64_t>(span_of_ids.integer(0), 0, most))
             : 0;
}

void mark_landings(std::vector<SeenRow>& rows, Cursor landings) {
  auto row = rows.begin();
  while (landings.next()) {
    const RowId id = landings.integer(0);
    row = std::ranges::lower_bound(row, rows.end(), id, {}, &SeenRow::id);
    if (row != rows.end() && row->id == id) row->has_landings = true;
  }
}

/// How many bytes all UIDLs begin with in common.
std::size_t common_prefix(const std::vector<SeenRow>& rows) {
  std::string_view common = rows.front().uidl;
  for (const auto& row : rows) {
    const auto differ = std::ranges::mismatch(common, row.uidl).in1;
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

/// The positions of rows in the order of their UIDLs; equal ones stay in the order of their ids. Nearly
/// always decided by eight bytes kept beside the position, so that the sort does not fetch strings from all
/// over the memory.
std::vector<std::uint32_t> order_by_uidl(const std::vector<SeenRow>& rows) {
  struct Key {
    std::uint64_t leading;
    std::uint32_t place;
  };
  const std::size_t common = common_prefix(rows);
  std::vector<Key> keys;
  keys.reserve(rows.size());
  for (const auto& row : rows) {
    keys.push_back({leading_bytes(row.uidl.substr(common)), static_cast<std::uint32_t>(keys.size())});
  }
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (a.leading != b.leading) return a.leading < b.leading;
    const int order = rows[a.place].uidl.compare(rows[b.place].uidl);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  std::vector<std::uint32_t> order;
  order.reserve(keys.size());
  for (const auto& key : keys) order.push_back(key.place);
  return order;
}

}  // namespace

Seen Store::seen(MailboxId mailbox) const {
  Seen seen;
  std::vector<SeenRow> by_id;
  by_id.reserve(expected_rows(connection_->span_of_ids.query(mailbox)));
  read_rows(connection_->light_rows.query(mailbox), by_id, seen.text_);
  mark_landings(by_id, connection_->rows_with_landings.query(mailbox));
  seen.by_id_.resize(by_id.size());
  // Many servers number their messages upwards: then there is nothing to sort.
  if (std::ranges::is_sorted(by_id, {}, &SeenRow::uidl)) {
    std::iota(seen.by_id_.begin(), seen.by_id_.end(), 0U);
    seen.rows_ = std::move(by_id);
    return seen;
  }
  seen.rows_.reserve(by_id.size());
  for (const std::uint32_t place : order_by_uidl(by_id)) {
    seen.by_id_[place] = static_cast<std::uint32_t>(seen.rows_.size());
    seen.rows_.push_back(by_id[place]);
  }
  return seen;
}

}  // namespace mailhaul::state
