// SPDX-License-Identifier: MIT
#include "engine/moved_uids.h"

#include <vector>

namespace mailhaul::engine {

namespace {

using state::Standing;

/// Known messages that are not listed, as far as a listed one may be one of them.
struct Unlisted {
  std::set<state::RowId> rows;
  std::set<std::uint64_t> sizes;  ///< 0 among them: a row that was rebuilt may have any size
  [[nodiscard]] bool may_have(std::uint64_t bytes) const {
    return !rows.empty() && (sizes.contains(bytes) || sizes.contains(0));
  }
};

Unlisted unlisted(const ReadOnlySession& look) {
  Unlisted unlisted;
  for (const auto id : rows_without_message(look.identities, look.rows)) {
    const auto& row = *look.rows.with_id(id);
    if (row.standing != Standing::delivered && row.standing != Standing::seen) continue;
    unlisted.rows.insert(id);
    unlisted.sizes.insert(row.bytes);
  }
  return unlisted;
}

/// Takes a row with this header; false when there is none.
bool take_row(const ReadOnlySession& look, const util::Hash& header, std::uint64_t bytes,
              Unlisted& unlisted) {
  for (const auto size : {bytes, std::uint64_t{0}}) {
    for (const auto& row : look.store.rows_with_header(look.mailbox, header, size))
      if (unlisted.rows.erase(row.id) != 0) return true;
  }
  return false;
}

}  // namespace

std::set<std::uint32_t> moved_uids(ReadOnlySession& look) {
  std::set<std::uint32_t> moved;
  if (!look.session.capabilities().top) return moved;
  auto known = unlisted(look);
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < look.listed.size(); ++i) {
    const auto& message = look.listed[i];
    if (look.identities[i].row == nullptr && known.may_have(message.bytes)) asked.push_back(i);
  }
  for (const auto i : asked)
    look.session.want({.number = look.listed[i].number, .bytes = 0, .header_only = true});
  for (const auto i : asked) {
    const auto& message = look.listed[i];
    const auto header = header_of(look.session.next());
    if (header && take_row(look, *header, message.bytes, known)) moved.insert(message.number);
  }
  return moved;
}

}  // namespace mailhaul::engine
