// SPDX-License-Identifier: MIT
// The command line before the option parser sees it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::app {

struct Arguments {
  std::vector<std::string> args;     ///< for the parser: the command first, then all else in the order typed
  std::vector<std::string> uids;     ///< behind "--": the parser would lose those that begin with "-"
  std::string command, part;         ///< the first words, "state" and "show"; the first need be no command
  std::vector<std::string> options;  ///< as typed, without their values; bundles taken apart: "-q", "-c"
  bool names_command = false;        ///< `command` is one; else all is for fetch

  bool has_option(std::string_view one, std::string_view other) const;
};

/// Options may stand before the command, those of fetch too. Throws Error{usage} for a value where none is
/// taken, and for a part that its command does not have.
Arguments normalise(const std::vector<std::string>& typed);

/// What the parser cannot know of words that it did not expect: whose option that is, or how a UID is
/// written. Empty: nothing.
struct Advice {
  std::string sentence, hint;
};
Advice advice_for(const Arguments& arguments);

}  // namespace mailhaul::app
