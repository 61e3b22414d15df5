// SPDX-License-Identifier: MIT
// Text in protocols and in the configuration. Only ASCII letters have a case, whatever the locale.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::util {

char lower(char c);
std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool equal_nocase(std::string_view one, std::string_view other);

std::string_view without_leading_blanks(std::string_view text);  ///< blanks and tabs
std::string_view trimmed(std::string_view text);                 ///< blanks, tabs and line ends at both ends
std::string_view without_line_ends(std::string_view text);       ///< no CR and no LF at the end
/// Takes the first word, and the blanks before it, off the text, and returns the word; empty at the end.
std::string_view take_word(std::string_view& text, std::string_view blanks = " \t");
/// Takes the first line off the text, and returns it without its LF; the last line may have none.
std::string_view take_line(std::string_view& text);
bool has_control_character(std::string_view text);  ///< a byte below 0x20, or DEL
bool fits_on_a_line(std::string_view text);         ///< no CR, no LF and no NUL

/// The value of a hexadecimal digit, 0 to 15, in upper or lower case; -1 for any other character.
[[nodiscard]] int hex_digit(char c);

/// Reads decimal digits; empty if there are none or any other characters, or if the number is too large.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view digits);

}  // namespace mailhaul::util
