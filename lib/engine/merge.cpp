// SPDX-License-Identifier: MIT
#include "engine/merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mailhaul::engine {

namespace {

using state::Row;
using state::Standing;

/// Whether two rows with one UIDL are about two messages, because the server has used the UIDL again.
bool is_reused(const Row& one, const Row& other) {
  const bool same_header = one.header && one.header == other.header;
  if (one.content && other.content)
    return one.content != other.content && !(same_header && (one.remade || other.remade));
  return one.header && other.header && !same_header;
}

class Merger {
 public:
  explicit Merger(const std::vector<KnownRow>& here) : here_(here), taken_(here.size()) {
    for (std::size_t i = 0; i < here.size(); ++i) {
      const Row& row = here[i].row;
      if (!row.uidl.empty()) by_uidl_[row.uidl].push_back(i);
      if (row.content) by_content_[*row.content].push_back(i);
      if (row.uidl.empty() && row.header && !row.content) by_header_[*row.header].push_back(i);
    }
  }

  /// The row here that has the same UIDL and may be about the same message.
  std::optional<std::size_t> by_uidl(const Row& row) {
    const auto found = by_uidl_.find(row.uidl);
    if (row.uidl.empty() || found == by_uidl_.end()) return std::nullopt;
    const auto rank = [&](std::size_t i) {
      const Row& known = here_[i].row;
      return (row.content && known.content == row.content ? 0 : 2) +
             (known.standing == Standing::gone ? 1 : 0);
    };
    return take_best(found->second, rank, [&](const Row& known) { return !is_reused(known, row); });
  }

  /// The row here that has the same content, or the same header and size where there is no content. Rows with
  /// different UIDLs are about two messages.
  std::optional<std::size_t> by_content(const Row& row) {
    const auto& rows = row.content ? by_content_ : by_header_;
    const auto& hash = row.content ? row.content : row.header;
    const auto found = hash ? rows.find(*hash) : rows.end();
    if (found == rows.end() || (!row.content && !row.uidl.empty())) return std::nullopt;
    return take_best(
        found->second, [](std::size_t /*i*/) { return 0; },
        [&](const Row& known) {
          if (!row.content) return known.bytes == row.bytes && known.ordinal == row.ordinal;
          return known.uidl.empty() || row.uidl.empty();
        });
  }

  /// The rows here that have this UIDL and are not gone.
  std::vector<std::size_t> live_with(const std::string& uidl) const {
    const auto found = by_uidl_.find(uidl);
    if (uidl.empty() || found == by_uidl_.end()) return {};
    auto live = found->second;
    std::erase_if(live, [&](std::size_t i) { return here_[i].row.standing == Standing::gone; });
    return live;
  }

 private:
  template <typename Rank, typename Fits>
  std::optional<std::size_t> take_best(const std::vector<std::size_t>& rows, Rank rank, Fits fits) {
    std::optional<std::size_t> best;
    for (const auto i : rows) {
      if (taken_[i] || !fits(here_[i].row)) continue;
      if (!best || rank(i) < rank(*best)) best = i;
    }
    if (best) taken_[*best] = true;
    return best;
  }

  const std::vector<KnownRow>& here_;
  std::vector<bool> taken_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_uidl_;
  std::map<util::Hash, std::vector<std::size_t>> by_content_, by_header_;
};

/// The row that is here, with what the row of the other database adds to it.
Row completed(const KnownRow& here, const Row& other, bool uidl_is_free) {
  Row row = here.row;
  if (row.standing == Standing::pending && other.standing != Standing::pending && !here.has_landings) {
    row.standing = other.standing;
    row.delivered = other.delivered;
    row.gone = other.gone;
    row.failures = 0;
  }
  if (!row.header) row.header = other.header;
  if (!row.content) row.content = other.content;
  if (row.bytes == 0) row.bytes = other.bytes;
  if (row.uidl.empty() && uidl_is_free) row.uidl = other.uidl;
  row.suspect = row.suspect || (row.standing != here.row.standing && other.suspect);
  row.remade = row.remade || other.remade;
  return row;
}

bool differs(const Row& one, const Row& other) {
  return one.standing != other.standing || one.header != other.header || one.content != other.content ||
         one.bytes != other.bytes || one.uidl != other.uidl || one.suspect != other.suspect ||
         one.remade != other.remade;
}

}  // namespace

Merged merge(const std::vector<KnownRow>& here, std::vector<Row> other) {
  Merger merger(here);
  Merged merged;
  std::map<std::size_t, Row> changed;
  const auto pair = [&](std::size_t i, const Row& row, bool uidl_is_free) {
    ++merged.known;
    if (auto whole = completed(here[i], row, uidl_is_free); differs(here[i].row, whole))
      changed.insert_or_assign(i, std::move(whole));
  };
  std::vector<Row*> unpaired;
  // Rows that are gone are paired after rows with the same UIDL that are not.
  for (const bool is_gone : {false, true}) {
    for (auto& row : other) {
      if ((row.standing == Standing::gone) != is_gone) continue;
      if (const auto i = merger.by_uidl(row)) {
        pair(*i, row, false);
      } else {
        unpaired.push_back(&row);
      }
    }
  }
  for (auto* row : unpaired) {
    const auto live = merger.live_with(row->uidl);
    const bool is_reused_here =
        std::ranges::any_of(live, [&](std::size_t i) { return is_reused(here[i].row, *row); });
    if (is_reused_here) row->uidl.clear();
    if (const auto i = merger.by_content(*row)) {
      pair(*i, *row, live.empty());
      continue;
    }
    // Nothing would find a gone row that has no UIDL.
    if (is_reused_here && row->standing == Standing::gone) continue;
    if (is_reused_here) {
      for (const auto i : live) changed.try_emplace(i, here[i].row).first->second.suspect = true;
    }
    merged.added.push_back(std::move(*row));
  }
  for (auto& [i, row] : changed) merged.changed.push_back(std::move(row));
  return merged;
}

}  // namespace mailhaul::engine
