// SPDX-License-Identifier: MIT
// Puts text from strangers into the columns of a table, and counts columns.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mailhaul::app {

constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

/// The text as it can be shown in at most `most` columns: UTF-8 stays as it is, but controls, other bytes and
/// marks that change the direction of the line become \xNN. Text that does not fit is cut, and ends with
/// "...". Blanks follow it up to `least` columns.
std::string in_columns(std::string_view text, std::size_t least, std::size_t most = unlimited);

/// The text with blanks before it up to `columns` columns, for numbers.
std::string right_aligned(std::string_view text, std::size_t columns);

/// How many columns the text takes when in_columns() shows it.
std::size_t columns_of(std::string_view text);

/// Where lines end and begin.
struct Wrapping {
  std::size_t columns = 80;  ///< the most in a line, unless a word is longer; 0: lines are not broken
  std::size_t first = 0;     ///< columns that are already taken in the first line
  std::size_t indent = 0;    ///< blanks before all other lines
};
/// The text broken at blanks, without a line end at its end.
std::string wrapped(std::string_view text, Wrapping wrapping);

/// The same for a text of several lines, each of which is broken on its own. `columns` 0: lines are not
/// broken. `indent` blanks come before the continuation of a line.
std::string wrapped_lines(std::string_view lines, std::size_t columns, std::size_t indent);

/// The columns of the window that a descriptor writes to; 0: it is no terminal.
std::size_t window_columns(int fd);

}  // namespace mailhaul::app
