// SPDX-License-Identifier: MIT
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::util {

/// As a shell reads it as one word, in quotes where it needs them: for hints that are commands.
std::string shell_word(std::string_view word);
/// Words as a POSIX shell splits them: blanks, '...', "...", \x; no expansion of any kind. Empty: quote not
/// closed.
std::optional<std::vector<std::string>> split_words(std::string_view line);

}  // namespace mailhaul::util
