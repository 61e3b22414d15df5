// SPDX-License-Identifier: MIT
// Text from strangers in columns of a table, and how many columns there are.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mailhaul::app {

constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

/// The text as it can be shown in `most` columns at most: valid UTF-8 as it is, everything else and what
/// would change the direction of the line as \xNN; what does not fit is cut, and ends with "...". Followed by
/// blanks up to `least` columns.
std::string in_columns(std::string_view text, std::size_t least, std::size_t most = unlimited);

/// The same with the blanks before it, for numbers.
std::string right_aligned(std::string_view text, std::size_t columns);

/// The columns that the text takes, as in_columns() shows it.
std::size_t columns_of(std::string_view text);

/// Where lines end and begin.
struct Wrapping {
  std::size_t columns = 80;  ///< of a line at most, unless a word is longer; 0: lines are not broken
  std::size_t first = 0;     ///< columns before the text in its first line, which are there already
  std::size_t indent = 0;    ///< blanks before all other lines
};
/// The text broken at blanks, without a line end at its end.
std::string wrapped(std::string_view text, Wrapping wrapping);

/// Lines with their ends, each broken at blanks in so many columns (0: not), with `indent` before the rest.
std::string wrapped_lines(std::string_view lines, std::size_t columns, std::size_t indent);

/// The columns of the window that a descriptor writes to; 0: it is no terminal.
std::size_t window_columns(int fd);

}  // namespace mailhaul::app
