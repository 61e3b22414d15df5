// SPDX-License-Identifier: MIT
#include "app/columns.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "util/escape.h"
#include "util/utf8.h"

namespace mailhaul::app {

namespace {

struct Range {
  std::uint32_t first, last;
};
constexpr std::array<Range, 13> no_columns{{{0x300, 0x36f},
                                            {0x483, 0x489},
                                            {0x591, 0x5bd},
                                            {0x610, 0x61a},
                                            {0x64b, 0x65f},
                                            {0x1ab0, 0x1aff},
                                            {0x1dc0, 0x1dff},
                                            {0x200b, 0x200d},
                                            {0x20d0, 0x20ff},
                                            {0x2060, 0x2064},
                                            {0xfe00, 0xfe0f},
                                            {0xfe20, 0xfe2f},
                                            {0x1f3fb, 0x1f3ff}}};
constexpr std::array<Range, 11> two_columns{{{0x1100, 0x115f},
                                             {0x2e80, 0x303e},
                                             {0x3041, 0xa4cf},
                                             {0xac00, 0xd7a3},
                                             {0xf900, 0xfaff},
                                             {0xfe30, 0xfe6f},
                                             {0xff00, 0xff60},
                                             {0xffe0, 0xffe6},
                                             {0x1f300, 0x1f64f},
                                             {0x1f680, 0x1f9ff},
                                             {0x20000, 0x3fffd}}};
bool in(std::uint32_t point, std::span<const Range> ranges) {
  return std::ranges::any_of(ranges,
                             [&](const Range& range) { return point >= range.first && point <= range.last; });
}

struct Cell {
  std::string text;
  std::size_t columns = 1;
};

/// Takes the first character off the text, and returns it as it is shown.
Cell take_cell(std::string_view& text) {
  const auto character = util::first_character(text);
  Cell cell{.text = std::string(text.substr(0, character.bytes))};
  text.remove_prefix(character.bytes);
  if (character.can_be_shown) {
    cell.columns = in(character.point, no_columns) ? 0 : in(character.point, two_columns) ? 2 : 1;
  } else {
    cell.text = util::escape(cell.text);
    cell.columns = cell.text.size();
  }
  return cell;
}

}  // namespace

std::string in_columns(std::string_view text, std::size_t least, std::size_t most) {
  std::vector<Cell> cells;
  std::size_t used = 0;
  bool fits = true;
  while (!text.empty() && fits) {
    cells.push_back(take_cell(text));
    used += cells.back().columns;
    fits = used <= most;
  }
  const std::string_view mark = fits ? "" : std::string_view("...").substr(0, most);
  while (!fits && !cells.empty() && used + mark.size() > most) {
    used -= cells.back().columns;
    cells.pop_back();
  }
  used += mark.size();
  std::string result;
  for (const auto& cell : cells) result += cell.text;
  return result.append(mark).append(least > used ? least - used : 0, ' ');
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  return std::string(columns > text.size() ? columns - text.size() : 0, ' ').append(text);
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += take_cell(text).columns;
  return columns;
}

std::string wrapped(std::string_view text, Wrapping wrapping) {
  std::string lines;
  std::size_t column = wrapping.first;
  bool at_start = true;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find(' ', from), text.size());
    const auto word = text.substr(from, end - from);
    const auto length = columns_of(word);
    if (!at_start && wrapping.columns != 0 && column + 1 + length > wrapping.columns) {
      lines.append("\n").append(wrapping.indent, ' ');
      column = wrapping.indent;
      at_start = true;
    }
    if (!at_start) lines += ' ';
    lines += word;
    column += length + (at_start ? 0 : 1);
    at_start = false;
    from = end + 1;
  }
  return lines;
}

std::string wrapped_lines(std::string_view lines, std::size_t columns, std::size_t indent) {
  std::string result;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    result += wrapped(lines.substr(0, end), {.columns = columns, .indent = indent}) + "\n";
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return result;
}

std::size_t window_columns(int fd) {
  struct winsize size {};
  if (::isatty(fd) != 1) return 0;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

}  // namespace mailhaul::app
