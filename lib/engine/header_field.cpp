// SPDX-License-Identifier: MIT
#include "engine/header_field.h"

#include <algorithm>

#include "util/ascii.h"

namespace mailhaul::engine {

namespace {

/// Takes the first line off the text and returns it without its line end.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size() - 1);
  const auto line = util::without_line_ends(text.substr(0, end + 1));
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string read_header(pop3::Message& message) {
  constexpr std::size_t max_bytes = 65536;  // the rest of a longer header is read and dropped
  std::string header;
  if (message.refused()) return header;
  while (const auto piece = message.read())
    header.append(piece->substr(0, max_bytes - std::min(max_bytes, header.size())));
  return header;
}

std::string header_field(std::string_view header, std::string_view name) {
  constexpr std::size_t max_bytes = 2'000;  // a listing may hold 100,000 of them
  std::string value;
  bool found = false;
  while (!header.empty()) {
    std::string_view line = take_line(header);
    if (line.empty()) break;
    const bool continued = line.front() == ' ' || line.front() == '\t';
    if (found && !continued) break;
    if (!found && util::equal_nocase(line.substr(0, name.size()), name)) {
      found = true;
      line.remove_prefix(name.size());
    } else if (!found) {
      continue;
    }
    const auto text = line.find_first_not_of(" \t");
    if (text == std::string_view::npos) continue;
    value.append(value.empty() ? "" : " ").append(line.substr(text));
  }
  if (value.size() > max_bytes) value.resize(max_bytes);
  return value;
}

}  // namespace mailhaul::engine
