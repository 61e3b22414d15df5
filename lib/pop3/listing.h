// SPDX-License-Identifier: MIT
// Makes a listing from the lines of LIST and UIDL (RFC 1939 sections 5 and 7), whatever a server puts into
// them. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pop3/session.h"

namespace mailhaul::pop3 {

/// LIST lines first, then UIDL lines. LIST decides which messages there are; of several lines about one
/// number the first counts.
class ListingBuilder {
 public:
  /// How many messages there will be, as STAT says.
  void expect(std::uint64_t messages);
  void add_list_line(std::string_view line);
  void add_uidl_line(std::string_view line);
  std::vector<Listed> take() { return std::move(listed_); }
  std::size_t size() const noexcept { return listed_.size(); }
  bool empty() const noexcept { return listed_.empty(); }
  /// Whether UIDL names a message after the last one of LIST.
  bool names_unlisted() const noexcept { return names_unlisted_; }
  /// Whether UIDL names a message before the last one of LIST that LIST leaves out.
  bool names_left_out() const noexcept { return names_left_out_; }
  /// Whether LIST has a line without a number, which may stand for a message.
  bool has_nonsense() const noexcept { return has_nonsense_; }
  const ListingFaults& faults() const noexcept { return faults_; }

 private:
  std::optional<std::size_t> place_of(std::uint32_t number) const;
  void leave_out(std::string_view line);

  std::vector<Listed> listed_;
  std::vector<bool> named_;                                   ///< messages that a UIDL line was about
  std::unordered_map<std::uint32_t, std::size_t> elsewhere_;  ///< indexes of those not at number - 1
  std::uint32_t largest_number_ = 0;                          ///< of listed_
  bool names_unlisted_ = false;
  bool names_left_out_ = false;
  bool has_nonsense_ = false;
  ListingFaults faults_;
};

}  // namespace mailhaul::pop3
