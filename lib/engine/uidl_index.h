// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pop3/session.h"

namespace mailhaul::engine {

/// Finds a UIDL in a listing, which must outlive it. O(log n), or O(1) if UIDLs are looked up in the order of
/// the listing, as the rows of a mailbox mostly are.
class UidlIndex {
 public:
  explicit UidlIndex(std::span<const pop3::Listed> listed);

  std::span<const pop3::Listed> listed() const noexcept { return listed_; }
  /// The position of the message with this UIDL, or of one of them if there are several.
  std::optional<std::size_t> find(std::string_view uidl);
  /// Whether the message at this position has a UIDL that no other message has.
  bool unique(std::size_t position) const { return unique_[position]; }

 private:
  struct Key {
    std::uint64_t leading;  ///< the first bytes of the UIDL after the part that all have in common
    std::uint32_t position;
  };
  void sort();

  std::span<const pop3::Listed> listed_;
  std::string_view common_;  ///< what all UIDLs begin with
  std::vector<Key> keys_;    ///< in the order of their UIDLs
  std::vector<bool> unique_;
  std::size_t next_ = 0;  ///< the position behind the last one found
};

}  // namespace mailhaul::engine
