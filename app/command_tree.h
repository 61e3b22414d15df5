// SPDX-License-Identifier: MIT
// What the option parser knows of commands, their parts and their options.
#pragma once
#include <string>
#include <string_view>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mailhaul::app {

/// "state show"; empty for the program itself.
std::string full_name(const CLI::App& command);

/// The command or part of this name that is directly below `command`; null: there is none.
const CLI::App* part_named(const CLI::App& command, std::string_view name);

/// Whether the option is followed by a value; false for null.
bool takes_value(const CLI::Option* option);

}  // namespace mailhaul::app
