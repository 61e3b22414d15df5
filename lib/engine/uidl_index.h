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

/// Finds a UIDL in a listing, which must outlive it. A few comparisons, or two where they are asked for in
/// the order of the listing, as the rows of a mailbox mostly are.
class UidlIndex {
 public:
  explicit UidlIndex(std::span<const pop3::Listed> listed);

  std::span<const pop3::Listed> listed() const noexcept { return listed_; }
  /// The position of the message that bears this UIDL, of one of them where there are several.
  std::optional<std::size_t> find(std::string_view uidl);
  /// Whether the message at this position has a UIDL, and no other one bears it.
  bool unique(std::size_t position) const { return unique_[position]; }

 private:
  struct Key {
    std::uint64_t leading;  ///< of the UIDL, behind what all have in common
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
