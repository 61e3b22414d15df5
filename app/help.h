// SPDX-License-Identifier: MIT
// The text of --help.
#pragma once
#include <memory>

namespace CLI {
class FormatterBase;
}

namespace mailhaul::app {

/// Writes help at 80 columns: usage, what the command does, its words and options in groups, the options of
/// every command by name, an example, and the page of the manual.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace mailhaul::app
