// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::util {

/// Quotes the text, if necessary, so that a shell reads it as one word: for hints that are commands.
std::string shell_word(std::string_view word);
/// Splits a line into words like a POSIX shell: blanks, '...', "...", \x; no expansion of any kind. nullopt
/// if a quote is not closed.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);

}  // namespace mailhaul::util
