// SPDX-License-Identifier: MIT
// What a shell offers when TAB is pressed.
#pragma once
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace mailhaul::app {

/// What can stand in place of the last of these words, as one line each: the word, and after a tab what it
/// means. "files" after a colon in the first line: names of files, after the text that follows the blank.
std::string completions(const CLI::App& parser, std::span<const std::string> words);

}  // namespace mailhaul::app
