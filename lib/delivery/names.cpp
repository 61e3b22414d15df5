// SPDX-License-Identifier: MIT
#include "delivery/names.h"

#include <algorithm>

namespace mailhaul::delivery {

std::string target_of(const KindRow& kind, const util::Path& path) {
  return std::string(kind.name) + ":" + path.native();
}

util::Path path_of(const Ticket& ticket) {
  const auto colon = ticket.target.find(':');
  return colon == std::string::npos ? "" : ticket.target.substr(colon + 1);
}

namespace {

/// Version 1 of the state file named a mailbox by eight hexadecimal digits; the ids of today are shorter.
bool is_old_mailbox(std::string_view mailbox) {
  return mailbox.size() == 8 && mailbox.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string_view leading_id(std::string_view text, const RunContext& context) {
  constexpr std::string_view digits = "0123456789";
  const std::string mark = ".mh" + context.instance;
  const auto seconds = text.find_first_not_of(digits);
  if (seconds == 0 || seconds == std::string_view::npos || !text.substr(seconds).starts_with(mark)) return {};
  const auto start = seconds + mark.size();
  const auto mailbox = text.substr(start, text.find('m', start) - start);
  if (mailbox != context.mailbox && !is_old_mailbox(mailbox)) return {};
  const auto counter = start + mailbox.size() + 1;
  const auto dot = text.find_first_not_of(digits, std::min(counter, text.size()));
  if (dot == counter || dot == std::string_view::npos || text[dot] != '.') return {};
  return text.substr(0, text.find_first_of(std::string_view(",:;<>()/ \t\r\n\0", 13), dot));
}

util::Path spool_directory(const RunContext& context) {
  auto directory = context.state_directory / "spool";
  util::make_directories(directory);
  return directory;
}

}  // namespace mailhaul::delivery
