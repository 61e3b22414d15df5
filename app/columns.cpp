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
/// C1 controls, line separators, and marks that turn the direction of what follows.
constexpr std::array<Range, 7> never_shown{{{0x80, 0x9f},
                                            {0x61c, 0x61c},
                                            {0x200e, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2066, 0x2069},
                                            {0xd800, 0xdfff},
                                            {0xfeff, 0xfeff}}};

bool in(std::uint32_t point, std::span<const Range> ranges) {
  return std::ranges::any_of(ranges,
                             [&](const Range& range) { return point >= range.first && point <= range.last; });
}

struct Cell {
  std::string text;
  std::size_t columns = 1;
};

/// How many bytes the character at the start has; 0 if it is not well-formed UTF-8.
std::size_t take_point(std::string_view text, std::uint32_t& point) {
  const auto byte = static_cast<unsigned char>(text.front());
  const std::size_t length = byte < 0x80   ? 1
                             : byte < 0xc2 ? 0
                             : byte < 0xe0 ? 2
                             : byte < 0xf0 ? 3
                             : byte < 0xf5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  point = length == 1 ? byte : byte & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80) return 0;
    point = (point << 6U) | (next & 0x3fU);
  }
  return point < least.at(length) || point > 0x10ffff ? 0 : length;
}

/// Takes what is shown as one off the text.
Cell take_cell(std::string_view& text) {
  std::uint32_t point = 0;
  const std::size_t length = std::max<std::size_t>(take_point(text, point), 1);
  const bool shown =
      take_point(text, point) != 0 && point >= 0x20 && point != 0x7f && !in(point, never_shown);
  Cell cell{.text = std::string(text.substr(0, length))};
  text.remove_prefix(length);
  if (shown) {
    cell.columns = in(point, no_columns) ? 0 : in(point, two_columns) ? 2 : 1;
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

std::size_t window_columns(int fd) {
  struct winsize size {};
  if (::isatty(fd) != 1) return 0;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

}  // namespace mailhaul::app
