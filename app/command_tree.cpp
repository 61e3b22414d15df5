// SPDX-License-Identifier: MIT
#include "app/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace mailhaul::app {

std::string full_name(const CLI::App& command) {
  if (command.get_parent() == nullptr) return {};
  const auto above = full_name(*command.get_parent());
  return above.empty() ? command.get_name() : above + " " + command.get_name();
}

const CLI::App* part_named(const CLI::App& command, std::string_view name) {
  const auto parts = command.get_subcommands({});
  const auto found = std::ranges::find(parts, name, [](const auto* part) { return part->get_name(); });
  return found == parts.end() ? nullptr : *found;
}

bool takes_value(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_max() > 0;
}

}  // namespace mailhaul::app
