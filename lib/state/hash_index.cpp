// SPDX-License-Identifier: MIT
#include "state/hash_index.h"

#include <algorithm>
#include <cstring>

namespace mailhaul::state {

namespace {

std::uint64_t prefix(const util::Hash& hash) {
  std::uint64_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

}  // namespace

void HashIndex::add(const std::optional<util::Hash>& hash, RowId row) {
  if (hash) entries_.emplace_back(prefix(*hash), row);
}

std::vector<RowId> HashIndex::candidates(const util::Hash& hash) {
  if (sorted_ != entries_.size()) {
    const auto middle = entries_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::sort(middle, entries_.end());
    std::inplace_merge(entries_.begin(), middle, entries_.end());
    sorted_ = entries_.size();
  }
  const std::uint64_t wanted = prefix(hash);
  std::vector<RowId> rows;
  auto entry = std::ranges::lower_bound(entries_, wanted, {}, &Entry::first);
  for (; entry != entries_.end() && entry->first == wanted; ++entry) {
    if (rows.empty() || rows.back() != entry->second) rows.push_back(entry->second);
  }
  return rows;
}

}  // namespace mailhaul::state
