// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// The data of a ticket: lines of "name=value", with escaped values. It is plain text so that a person can
/// read the state database.
class TicketFields {
 public:
  TicketFields() = default;
  explicit TicketFields(const Ticket& ticket);  ///< throws Error{storage} if it is damaged
  void set(std::string_view name, std::string_view value);
  void set(std::string_view name, std::uint64_t value);
  const std::string& text(std::string_view name) const;  ///< throws Error{storage} if it is missing
  std::uint64_t number(std::string_view name) const;     ///< likewise, or if it is not a number
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string data() const;

 private:
  const std::string* find(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> fields_;  ///< a dozen
};

}  // namespace mailhaul::delivery
