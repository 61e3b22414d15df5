// SPDX-License-Identifier: MIT
// The command line before the option parser reads it: options may stand before their command, words that
// begin with "-" follow "--", and without a command everything is for fetch.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mailhaul::app {

/// What was typed, sorted.
struct Arguments {
  std::vector<std::string> parsed;  ///< for the parser: the command, then the options with their values
  std::vector<std::string> words;   ///< everything else, "--" left out: accounts and UIDs
  bool names_command = false;       ///< false: no command was typed, and `parsed` begins with fetch
};

/// Asks `parser` which options there are and which of them take a value. "help COMMAND" becomes
/// "COMMAND --help". Throws Error{usage} for a command that does not exist, an option that is unknown or
/// another command's, a value that is missing or not wanted, and a word too many.
Arguments normalise(const CLI::App& parser, const std::vector<std::string>& typed);

}  // namespace mailhaul::app
