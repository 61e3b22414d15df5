// SPDX-License-Identifier: MIT
#include "delivery/record.h"

#include "util/text.h"

namespace mailhaul::delivery {

namespace {

[[noreturn]] void damaged(std::string_view what) {
  throw util::Error(util::Kind::storage,
                    "a record of an unfinished delivery is damaged: " + util::escape(what));
}

}  // namespace

Record::Record(const Ticket& ticket) {
  std::string_view rest = ticket.data;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    const auto equals = line.find('=');
    const auto value = util::unescape_uid(line.substr(std::min(equals, line.size() - 1) + 1));
    if (equals == std::string_view::npos || !value) damaged(line);
    fields_.emplace(line.substr(0, equals), *value);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
}

void Record::set(std::string_view name, std::string_view value) {
  fields_.insert_or_assign(std::string(name), std::string(value));
}

void Record::set(std::string_view name, std::uint64_t value) { set(name, std::to_string(value)); }

const std::string& Record::text(std::string_view name) const {
  const auto found = fields_.find(name);
  if (found == fields_.end()) damaged("no " + std::string(name));
  return found->second;
}

std::uint64_t Record::number(std::string_view name) const {
  const auto value = util::parse_number(text(name));
  if (!value) damaged(text(name));
  return *value;
}

std::string Record::data() const {
  std::string lines;
  for (const auto& [name, value] : fields_) lines += name + "=" + util::escape_uid(value) + "\n";
  return lines;
}

}  // namespace mailhaul::delivery
