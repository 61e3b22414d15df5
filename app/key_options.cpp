// SPDX-License-Identifier: MIT
#include "app/key_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "app/commands.h"

namespace mailhaul::app {
namespace {

/// The heading under which the help has the option of a key.
std::string group_of(std::string_view key) {
  constexpr std::array<std::string_view, 4> server{"server", "proxy", "address_family", "tunnel"};
  constexpr std::array<std::string_view, 3> login{"user", "netrc", "auth"};
  if (key.starts_with("tls")) return "TLS";
  if (key.ends_with("timeout") || std::ranges::find(server, key) != server.end()) return "Server";
  if (key.starts_with("password") || key == "keyring" || std::ranges::find(login, key) != login.end())
    return "Login";
  return key == "deliver" || key == "trace_header" ? "Delivery" : "Messages";
}

/// The help of a key, with its default if that is informative.
std::string help_with_default(const account::KeyRow& key) {
  const auto fallback = key.fallback;
  const bool is_plain = fallback == "required" || fallback == "none" || fallback == "false" ||
                        fallback == "ask" || fallback == "never" || fallback.empty();
  if (is_plain && key.name != "tls") return account::help_of(key);
  return account::help_of(key) + " (default: " + std::string(fallback == "true" ? "yes" : fallback) + ")";
}

/// Keys that are not offered as options become hidden options: account::load() explains the mistake better
/// than the parser.
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
        help_with_default(key));
  } else {
    added = parser
                .add_option_function<std::string>(
                    option,
                    [&invocation, name](const std::string& value) {
                      invocation.overrides.emplace_back(name, value);
                    },
                    help_with_default(key))
                ->type_name(std::string(key.value))
                ->take_last()
                ->trigger_on_parse();  // each time it is given: deliver and tls_pin may come several times
  }
  added->group(key.on_command_line ? group_of(key.name) : "");  // an empty group is not in the help
}

}  // namespace

void add_key_options(CLI::App& parser, Invocation& invocation) {
  for (const auto& key : account::keys()) add_key_option(parser, invocation, key);
}

void add_connection_options(CLI::App& parser, Invocation& invocation) {
  for (const auto& key : account::connection_keys()) add_key_option(parser, invocation, key);
}

void add_profile_options(CLI::App& parser, Invocation& invocation) {
  add_connection_options(parser, invocation);
  for (const auto& key : account::keys())
    if (key.name == "deliver" || key.name == "leave_on_server") add_key_option(parser, invocation, key);
}

}  // namespace mailhaul::app
