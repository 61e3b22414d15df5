// SPDX-License-Identifier: MIT
#include "delivery/ticket_fields.h"

#include <algorithm>

#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::delivery {

namespace {

[[noreturn]] void damaged(std::string_view what) {
  throw util::Error(util::Kind::storage,
                    "a record of an unfinished delivery is damaged: " + util::escape(what));
}

}  // namespace

TicketFields::TicketFields(const Ticket& ticket) {
  std::string_view rest = ticket.data;
  fields_.reserve(16);
  while (!rest.empty()) {
    const auto line = util::take_line(rest);
    const auto equals = line.find('=');
    auto value = util::unescape_uid(line.substr(std::min(equals, line.size() - 1) + 1));
    if (equals == std::string_view::npos || !value) damaged(line);
    fields_.emplace_back(line.substr(0, equals), std::move(*value));
  }
}

void TicketFields::set(std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(fields_, name, &decltype(fields_)::value_type::first);
  if (found == fields_.end()) {
    fields_.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

void TicketFields::set(std::string_view name, std::uint64_t value) { set(name, std::to_string(value)); }

const std::string* TicketFields::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, &decltype(fields_)::value_type::first);
  return found == fields_.end() ? nullptr : &found->second;
}

const std::string& TicketFields::text(std::string_view name) const {
  const auto* found = find(name);
  if (found == nullptr) damaged("no " + std::string(name));
  return *found;
}

std::uint64_t TicketFields::number(std::string_view name) const {
  const auto value = util::parse_number(text(name));
  if (!value) damaged(text(name));
  return *value;
}

std::string TicketFields::data() const {
  std::string lines;
  for (const auto& [name, value] : fields_) {
    lines.append(name).append("=").append(util::escape_uid(value)).append("\n");
  }
  return lines;
}

}  // namespace mailhaul::delivery
