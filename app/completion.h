// SPDX-License-Identifier: MIT
// What a shell offers when TAB is pressed.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace mailhaul::app {

/// A shell, and the script that makes it complete command lines.
struct ShellRow {
  std::string_view name, script;
};
std::span<const ShellRow> shells();  ///< in cmd_completion.cpp, beside the scripts

/// The words that can replace the last of these words, one per line: the word, a tab, and what it means. A
/// first line ":files PREFIX" means that the shell completes names of files after PREFIX.
std::string completions(const CLI::App& parser, std::span<const std::string> words);

}  // namespace mailhaul::app
