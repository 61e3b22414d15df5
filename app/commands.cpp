// SPDX-License-Identifier: MIT
#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <array>

#include "app/columns.h"
#include "app/config_files.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "delivery/kinds.h"
#include "net/connection.h"
#include "state/store.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/nearest.h"

namespace mailhaul::app {

std::span<const CommandRow> commands() {
  static constexpr auto rows = std::to_array<CommandRow>({
      {"fetch", "fetch new mail (the default command)", describe_fetch, run_fetch},
      {"watch", "fetch at regular intervals, until stopped", describe_watch, run_watch},
      {"check", "print how many messages are new, seen and in total", describe_check, run_check},
      {"status", "show how the accounts are doing, without asking the servers", describe_status, run_status},
      {"list", "print one line per message on the server, and what fetch would do with it", describe_list,
       run_list},
      {"get", "write raw messages to standard output", describe_get, run_get},
      {"delete", "remove messages from the server", describe_delete, run_delete},
      {"login", "log in to an account by OAuth 2, or store its password", describe_login, run_login},
      {"logout", "forget the login of an account", describe_logout, run_logout},
      {"doctor", "find what is wrong, from the configuration to the server, and say what to do",
       describe_doctor, run_doctor},
      {"state", "show and repair what is recorded about messages", nullptr, nullptr},
      {"show", "show what is recorded about each message", describe_state_show, run_state_show, "state"},
      {"mark-seen", "mark messages as seen: they are never fetched or removed", describe_state_change,
       run_state_mark_seen, "state"},
      {"mark-delivered", "mark messages as delivered: they are never fetched, and removed like others",
       describe_state_mark_delivered, run_state_mark_delivered, "state"},
      {"forget", "forget messages, so that they are fetched again", describe_state_forget, run_state_forget,
       "state"},
      {"move", "move the records of a renamed server to its new name", describe_state_move, run_state_move,
       "state"},
      {"export", "print what is recorded, to import it on another machine", describe_state_mail,
       run_state_export, "state"},
      {"import", "record what state export has printed on another machine", describe_state_import,
       run_state_import, "state"},
      {"rebuild", "record the mail in the Maildir or mbox as delivered", describe_state_rebuild,
       run_state_rebuild, "state"},
      {"verify", "compare delivered mail with what was recorded", describe_state_mail, run_state_verify,
       "state"},
      {"init", "find the server of a mail address, log in, and write the account", describe_init, run_init},
      {"import", "take over the configuration of another program, and what it has fetched", describe_import,
       run_import},
      {"config", "check and show the configuration", nullptr, nullptr},
      {"check", "check the configuration for mistakes", describe_nothing, run_config_check, "config"},
      {"show", "print the configuration in force, with secrets masked", describe_config_show, run_config_show,
       "config"},
      {"schema", "print the JSON Schema of the configuration file, or of the output", describe_config_schema,
       run_config_schema, "config"},
      {"completion", "print a script for the shell that completes command lines", describe_completion,
       run_completion},
      {"help", "print the help of mailhaul or of a command", describe_help, nullptr},
      {"version", "print the versions", describe_nothing, run_version},
  });
  return rows;
}

util::Error unknown_command(std::string_view word, std::span<const std::string> accounts) {
  std::vector<std::string_view> names(accounts.begin(), accounts.end());
  for (const auto& row : commands())
    if (row.inside.empty()) names.push_back(row.name);
  const auto near = util::nearest(word, names);
  const std::string list = "mailhaul --help lists the commands";
  return {util::Kind::usage,
          "'" + util::escape(word) +
              (accounts.empty() ? "' is not a command" : "' is neither a command nor an account") +
              (near.empty() ? "" : "; did you mean '" + near + "'?"),
          accounts.empty() ? list : "accounts: " + util::joined(accounts) + "; " + list};
}

void describe_help(CLI::App& parser, Invocation& /*invocation*/) {
  parser
      .add_option_function<std::vector<std::string>>(
          "COMMAND", [](const std::vector<std::string>&) {}, "the command")
      ->type_name("");
}

namespace {

/// "libraries      libcurl 7.88.1, ..."
std::string row(std::string text, const std::string& values) {
  constexpr std::size_t width = 79, names_width = 15;
  text.resize(names_width, ' ');
  return text + wrapped(values, {.columns = width, .first = names_width, .indent = names_width}) + "\n";
}

}  // namespace

int run_version(const Invocation& invocation) {
  std::vector<std::string> kinds;
  for (const auto* kind : delivery::kinds()) kinds.emplace_back(kind->name);
  // The versions are asked for only here: asking libcurl loads libraries that a fetch does not need.
  if (invocation.json) {
    print(json_line(Versions{.version = MAILHAUL_VERSION,
                             .libraries = net::library_versions() + ", " + state::library_version(),
                             .features = net::library_features(),
                             .auth = net::supported_auth(),
                             .kinds = kinds,
                             .config = config_path(invocation).native()}));
    return 0;
  }
  print("mailhaul " MAILHAUL_VERSION "\n" +
        row("libraries", net::library_versions() + ", " + state::library_version()) +
        row("features", net::library_features()) + row("auth", util::joined(net::supported_auth())) +
        row("deliver", util::joined(kinds)) + row("configuration", safe(config_path(invocation).native())) +
        row("license", "MIT; there is no warranty"));
  return 0;
}

void add_account(CLI::App& parser) {
  parser
      .add_option_function<std::string>(
          "ACCOUNT", [](const std::string&) {}, "the account (default: the only one)")
      ->type_name("");
}

void add_accounts(CLI::App& parser) {
  parser
      .add_option_function<std::vector<std::string>>(
          "ACCOUNT", [](const std::vector<std::string>&) {}, "the accounts (default: all that are enabled)")
      ->type_name("");
}

void add_uids(CLI::App& parser, const std::string& meaning) {
  parser
      .add_option_function<std::vector<std::string>>(
          "UID", [](const std::vector<std::string>&) {}, meaning)
      ->type_name("");
}

}  // namespace mailhaul::app
