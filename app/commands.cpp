// SPDX-License-Identifier: MIT
#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <array>

namespace mailhaul::app {

std::span<const CommandRow> commands() {
  static constexpr std::array<CommandRow, 12> rows{{
      {"fetch", "fetch new mail (the default command)", describe_fetch, run_fetch},
      {"check", "say how many messages are new, seen and in total; fetch nothing", describe_check, run_check},
      {"list", "one line per message on the server, and what fetch would do with it", describe_list,
       run_list},
      {"get", "write raw messages to standard output", describe_get, run_get},
      {"state", "look at and repair what is remembered", nullptr, nullptr},
      {"show", "what is remembered of each message", describe_state_show, run_state_show, "state"},
      {"mark-seen", "never fetch, never remove these messages", describe_state_change, run_state_mark_seen,
       "state"},
      {"forget", "make these messages new again", describe_state_change, run_state_forget, "state"},
      {"config", "check and show the configuration", nullptr, nullptr},
      {"check", "say whether the configuration is right", describe_nothing, run_config_check, "config"},
      {"show", "print what is in force, secrets masked", describe_nothing, run_config_show, "config"},
      {"schema", "print the JSON Schema of the configuration file", describe_nothing, run_config_schema,
       "config"},
  }};
  return rows;
}

std::span<const std::string_view> planned_commands() {
  static constexpr std::array<std::string_view, 10> names{
      "delete", "doctor",     "init",         "login",        "import",
      "watch",  "completion", "state export", "state import", "state verify"};
  return names;
}

void add_account(CLI::App& parser) {
  parser.add_option_function<std::string>(
      "ACCOUNT", [](const std::string&) {}, "the account");
}

void add_accounts(CLI::App& parser) {
  parser.add_option_function<std::vector<std::string>>(
      "ACCOUNT", [](const std::vector<std::string>&) {}, "the accounts (default: all that are enabled)");
}

void add_uids(CLI::App& parser) {
  parser.add_option_function<std::vector<std::string>>(
      "UID", [](const std::vector<std::string>&) {}, "the messages, as list shows them");
}

}  // namespace mailhaul::app
