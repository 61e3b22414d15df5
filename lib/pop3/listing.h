// SPDX-License-Identifier: MIT
// From the lines of LIST and UIDL to a listing, whatever a server puts into them. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pop3/session.h"

namespace mailhaul::pop3 {

/// LIST lines first, then UIDL lines. LIST settles which messages there are; the first word on a number
/// counts.
class ListingBuilder {
 public:
  void add_list_line(std::string_view line);
  void add_uidl_line(std::string_view line);
  std::vector<Listed> take() { return std::move(listed_); }
  bool empty() const noexcept { return listed_.empty(); }
  std::uint32_t malformed_lines() const noexcept { return malformed_lines_; }

 private:
  std::optional<std::size_t> place_of(std::uint32_t number) const;

  std::vector<Listed> listed_;
  std::vector<bool> named_;                                   ///< a UIDL line spoke of it
  std::unordered_map<std::uint32_t, std::size_t> elsewhere_;  ///< places of those not at number - 1
  std::uint32_t malformed_lines_ = 0;
};

}  // namespace mailhaul::pop3
