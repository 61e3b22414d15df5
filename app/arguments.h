// SPDX-License-Identifier: MIT
// Prepares the command line for the option parser: options may precede their command, words that begin with
// "-" follow "--", and without a command all words and options belong to fetch.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mailhaul::app {

/// What was typed, separated into options and other words.
struct Arguments {
  std::vector<std::string> parsed;  ///< for the parser: the command, then the options with their values
  std::vector<std::string> words;   ///< everything else except "--": accounts and UIDs
  bool names_command = false;       ///< false: no command was typed, and `parsed` begins with fetch
};

/// Asks `parser` which options there are and which of them take a value. "help COMMAND" becomes
/// "COMMAND --help". Throws Error{usage} for a command that does not exist, an unknown option, an option of
/// another command, a missing or unexpected value, and too many words.
Arguments normalise(const CLI::App& parser, const std::vector<std::string>& typed);

}  // namespace mailhaul::app
