// SPDX-License-Identifier: MIT
#include "engine/same_message.h"

#include <chrono>

#include "engine/stand_in.h"

namespace mailhaul::engine {

using state::Standing;

bool header_is_unique(const MessageHashes& hashes) {
  return hashes.has_message_id || stands_in_for_another(hashes.header);
}

bool is_more(std::uint64_t octets, std::uint64_t other) {
  constexpr std::uint64_t boundaries = 64;
  return octets > other + boundaries;
}

namespace {

/// How much of the message was received, as far as the row knows.
std::uint64_t octets_of(const state::Row& row) {
  return row.received_bytes != 0 ? row.received_bytes : row.bytes;
}

}  // namespace

void note_size(state::Row& row, std::uint64_t listed, std::optional<std::uint64_t> octets) {
  const auto received = octets.value_or(octets_of(row));
  row.bytes = listed;
  row.received_bytes = received == listed ? 0 : received;
}

bool header_identifies(const state::Row& row, const pop3::Listed& listed,
                       const std::optional<MessageHashes>& top, bool sizes_are_off) {
  // Less is known about a message that was only marked as seen, but such a message is never removed.
  if (row.standing == Standing::seen && !row.delivered)
    return !row.header || (top && row.header == top->header);
  if (!top || row.header != top->header) return false;
  const bool is_pending = row.standing == Standing::pending;
  if (!is_pending && row.content && !header_is_unique(*top)) return false;
  const bool too_large = is_pending && row.received_bytes != 0;
  return row.bytes == listed.bytes || sizes_are_off || row.remade || too_large;
}

bool may_be_remade(const state::Row& row, const pop3::Listed& listed, const MessageHashes& hashes,
                   state::Time now) {
  if (row.standing == Standing::gone || !row.content || *row.content == hashes.content) return false;
  const bool same = !row.uidl.empty() && row.uidl == listed.uidl && row.header == hashes.header;
  const bool lately = row.standing == Standing::pending ||  // it has reached only some of its destinations
                      (row.delivered && now - *row.delivered < std::chrono::days(1));
  return same && header_is_unique(hashes) && !is_more(hashes.octets, octets_of(row)) &&
         (row.remade || lately);
}

bool has_other_content(const state::Row& row, const MessageHashes& hashes) {
  return row.content && *row.content != hashes.content;
}

/// A row that was only marked as seen may have a header hash. A row that is older than these hashes has none:
/// its size decides.
bool is_another(const state::Row& row, const pop3::Listed& listed, const MessageHashes& hashes,
                state::Time now) {
  if (row.content) return has_other_content(row, hashes) && !may_be_remade(row, listed, hashes, now);
  if (row.standing == Standing::seen) return row.header && *row.header != hashes.header;
  const bool delivered = row.standing == Standing::delivered || row.standing == Standing::gone;
  return delivered && row.bytes != listed.bytes;
}

}  // namespace mailhaul::engine
