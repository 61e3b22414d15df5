// SPDX-License-Identifier: MIT
#include "app/key_options.h"

#include <CLI/CLI.hpp>

#include "app/commands.h"

namespace mailhaul::app {
namespace {

/// Keys that are not options become hidden ones: account::load() explains them better than the parser.
void add_key_option(CLI::App& parser, Invocation& invocation, const account::KeyRow& key) {
  const std::string name(key.name);
  const std::string option = account::option_name(key.name);
  CLI::Option* added = nullptr;
  if (key.value.empty()) {
    added = parser.add_flag_function(
        option + ",!--no-" + option.substr(2),
        [&invocation, name](std::int64_t count) {
          invocation.overrides.emplace_back(name, count > 0 ? "true" : "false");
        },
        account::help_of(key));
  } else {
    added = parser
                .add_option_function<std::string>(
                    option,
                    [&invocation, name](const std::string& value) {
                      invocation.overrides.emplace_back(name, value);
                    },
                    account::help_of(key))
                ->type_name(std::string(key.value))
                ->take_last()
                ->trigger_on_parse();  // each time it is given: deliver and tls_pin may come several times
  }
  if (!key.on_command_line) added->group("");  // not in the help
}

}  // namespace

void add_key_options(CLI::App& parser, Invocation& invocation) {
  for (const auto& key : account::keys()) add_key_option(parser, invocation, key);
}

void add_connection_options(CLI::App& parser, Invocation& invocation) {
  for (const auto& key : account::connection_keys()) add_key_option(parser, invocation, key);
}

}  // namespace mailhaul::app
