// SPDX-License-Identifier: MIT
#include "engine/identity.h"

#include <algorithm>
#include <map>
#include <set>

#include "util/order.h"

namespace mailhaul::engine {

namespace {

using state::SeenRow;
using state::Standing;

/// The live row among those of one UIDL; a gone one when there is no other; null when it cannot be told.
const SeenRow* choose(std::span<const SeenRow> rows) {
  const SeenRow* found = nullptr;
  for (const auto& row : rows) {
    if (row.standing == Standing::gone) {
      if (found == nullptr) found = &row;
    } else if (found == nullptr || found->standing == Standing::gone) {
      found = &row;
    } else {
      return nullptr;
    }
  }
  return found;
}

/// Indexes of `listed` in the order of their UIDLs.
std::vector<std::uint32_t> by_uidl(std::span<const pop3::Listed> listed) {
  std::vector<std::string_view> uidls;
  uidls.reserve(listed.size());
  for (const auto& message : listed) uidls.emplace_back(message.uidl);
  return util::order_of(uidls);
}

/// Gives each message the row of its UIDL, in one pass over both. Returns the indexes of those that their
/// UIDL cannot identify: it is empty, not alone in this listing, or several live rows bear it.
std::vector<std::size_t> name(std::span<const pop3::Listed> listed, const state::Seen& seen,
                              std::vector<Identity>& identities) {
  std::vector<std::size_t> nameless;
  const auto order = by_uidl(listed);
  auto row = seen.rows().begin();
  for (std::size_t i = 0; i < order.size();) {
    const auto& uidl = listed[order[i]].uidl;
    std::size_t end = i + 1;
    while (end < order.size() && listed[order[end]].uidl == uidl) ++end;
    while (row != seen.rows().end() && row->uidl < uidl) ++row;
    const auto first = row;
    while (row != seen.rows().end() && row->uidl == uidl) ++row;
    const SeenRow* chosen = choose({first, row});
    if (uidl.empty() || end - i > 1 || (first != row && chosen == nullptr)) {
      nameless.insert(nameless.end(), order.begin() + static_cast<std::ptrdiff_t>(i),
                      order.begin() + static_cast<std::ptrdiff_t>(end));
    } else {
      identities[order[i]].row = chosen;
    }
    i = end;
  }
  std::ranges::sort(nameless);
  return nameless;
}

}  // namespace

std::optional<util::Hash> header_of(pop3::Message& message) {
  if (message.refused()) return std::nullopt;
  Fingerprint print;
  while (const auto piece = message.read()) print.add(*piece);
  return print.finish().header;
}

namespace {

/// Rows of this header and size, live ones first to last by ordinal; the n-th listed message is the n-th of
/// them.
const SeenRow* nth_row(const state::Seen& seen, std::vector<state::Row> rows,
                       const std::set<state::RowId>& taken, std::uint32_t n) {
  std::erase_if(rows, [&](const state::Row& row) {
    return row.standing == Standing::gone || taken.contains(row.id);  // another listed message's, by its UIDL
  });
  std::ranges::sort(rows, [](const state::Row& a, const state::Row& b) {
    return a.ordinal != b.ordinal ? a.ordinal < b.ordinal : a.id < b.id;
  });
  return n < rows.size() ? seen.with_id(rows[n].id) : nullptr;
}

}  // namespace

std::vector<Identity> identify(pop3::Session& session, std::span<const pop3::Listed> listed,
                               const state::Seen& seen, const state::Store& store, state::MailboxId mailbox) {
  std::vector<Identity> identities(listed.size());
  const auto nameless = name(listed, seen, identities);
  if (nameless.empty()) return identities;
  std::set<state::RowId> taken;
  for (const auto& identity : identities) {
    if (identity.row != nullptr) taken.insert(identity.row->id);
  }
  for (const auto i : nameless) {
    session.want({.number = listed[i].number, .bytes = 0, .header_only = true});
  }
  std::map<std::pair<util::Hash, std::uint64_t>, std::uint32_t> equals;
  for (const auto i : nameless) {
    Identity& identity = identities[i];
    identity.header = header_of(session.next());
    identity.by_content = !identity.header.has_value();
    if (!identity.header) continue;
    identity.ordinal = equals[{*identity.header, listed[i].bytes}]++;
    identity.row = nth_row(seen, store.rows_with_header(mailbox, *identity.header, listed[i].bytes), taken,
                           identity.ordinal);
  }
  return identities;
}

std::vector<state::RowId> absent_rows(std::span<const Identity> identities, const state::Seen& seen) {
  const auto rows = seen.rows();
  std::vector<bool> present(rows.size());
  for (const auto& identity : identities) {
    if (identity.row != nullptr) present[static_cast<std::size_t>(identity.row - rows.data())] = true;
  }
  std::vector<state::RowId> absent;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!present[i]) absent.push_back(rows[i].id);
  }
  std::ranges::sort(absent);
  return absent;
}

}  // namespace mailhaul::engine
