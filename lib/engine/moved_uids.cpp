// SPDX-License-Identifier: MIT
#include "engine/moved_uids.h"

#include <vector>

namespace mailhaul::engine {

namespace {

using state::Standing;

/// Known messages that are not listed under their UIDs, but may be listed under new ones.
struct Unlisted {
  std::set<state::RowId> rows;
  std::set<std::uint64_t> sizes;  ///< 0 stands for a rebuilt row, whose message may have any size
  [[nodiscard]] bool may_have(std::uint64_t bytes) const {
    return !rows.empty() && (sizes.contains(bytes) || sizes.contains(0));
  }
};

Unlisted unlisted(const ReadOnlySession& read_only) {
  Unlisted unlisted;
  for (const auto id : rows_without_message(read_only.identities, read_only.rows)) {
    const auto& row = *read_only.rows.with_id(id);
    if (row.standing != Standing::delivered && row.standing != Standing::seen) continue;
    unlisted.rows.insert(id);
    unlisted.sizes.insert(row.bytes);
  }
  return unlisted;
}

/// Takes a row with this header out of `unlisted`; false if there is none.
bool take_row(const ReadOnlySession& read_only, const util::Hash& header, std::uint64_t bytes,
              Unlisted& unlisted) {
  for (const auto size : {bytes, std::uint64_t{0}}) {
    for (const auto& row : read_only.store.rows_with_header(read_only.mailbox, header, size))
      if (unlisted.rows.erase(row.id) != 0) return true;
  }
  return false;
}

}  // namespace

std::set<std::uint32_t> moved_uids(ReadOnlySession& read_only) {
  std::set<std::uint32_t> moved;
  if (!read_only.session.capabilities().top) return moved;
  auto known = unlisted(read_only);
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < read_only.listed.size(); ++i) {
    const auto& message = read_only.listed[i];
    if (read_only.identities[i].row == nullptr && known.may_have(message.bytes)) asked.push_back(i);
  }
  for (const auto i : asked)
    read_only.session.want({.number = read_only.listed[i].number, .bytes = 0, .header_only = true});
  for (const auto i : asked) {
    const auto& message = read_only.listed[i];
    const auto header = header_of(read_only.session.next());
    if (header && take_row(read_only, *header, message.bytes, known)) moved.insert(message.number);
  }
  return moved;
}

}  // namespace mailhaul::engine
