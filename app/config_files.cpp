// SPDX-License-Identifier: MIT
#include "app/config_files.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/commands.h"

namespace mailhaul::app {

namespace {

std::optional<std::string> variable(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here writes the environment
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

util::Path home() {
  if (const auto named = variable("HOME")) return *named;
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): before any thread
  if (entry == nullptr)
    throw util::Error(util::Kind::config, "cannot find the home directory: HOME is not set", "set HOME");
  return entry->pw_dir;
}

/// $XDG_..._HOME counts only when it is absolute (XDG base directory specification).
util::Path base_directory(const char* xdg, std::string_view otherwise) {
  const auto named = variable(xdg);
  return named && named->starts_with('/') ? util::Path(*named) : home() / otherwise;
}

bool is_there(const util::Path& path) { return ::access(path.c_str(), F_OK) == 0; }

util::Path default_config() {
  return base_directory("XDG_CONFIG_HOME", ".config") / "mailhaul" / "config.json";
}

/// -c, else $MAILHAUL_CONFIG, else the usual place; empty when nothing is there.
std::optional<util::Path> find_config(const Invocation& invocation) {
  const auto named =
      invocation.config.empty() ? variable("MAILHAUL_CONFIG") : std::optional(invocation.config);
  if (named) {
    if (!is_there(*named)) {
      throw util::Error(
          util::Kind::no_config,
          "cannot open the configuration file " + *named + ": " + util::errno_text(errno),
          invocation.config.empty() ? "MAILHAUL_CONFIG names this file" : "check the path after -c");
    }
    if (std::filesystem::is_directory(*named)) {
      throw util::Error(util::Kind::config, "the configuration file " + *named + " is a directory",
                        "name a file in it, for example " + (util::Path(*named) / "config.json").native());
    }
    return *named;
  }
  if (is_there(default_config())) return default_config();
  return std::nullopt;
}

util::Path require_config(const Invocation& invocation) {
  if (auto found = find_config(invocation)) return *found;
  throw util::Error(util::Kind::config, "there is no configuration file " + default_config().native(),
                    "write one (man 5 mailhaul-config has examples), or give everything on the command "
                    "line: mailhaul fetch --server pop3s://HOST --user NAME --deliver maildir:~/Mail");
}

/// Whether the options describe an account, so that no file is needed.
bool describes_account(const Invocation& invocation) {
  return invocation.words.empty() &&
         std::ranges::any_of(invocation.overrides, [](const auto& entry) { return entry.first == "server"; });
}

}  // namespace

account::Config load_config(const Invocation& invocation) {
  account::Sources sources;
  if (!describes_account(invocation)) sources.file = require_config(invocation);
  sources.overrides = invocation.overrides;
  if (!invocation.state.empty()) sources.state_file = std::filesystem::absolute(invocation.state);
  sources.jobs = invocation.jobs;
  sources.paths = {
      .home = home(),
      .default_state_file = base_directory("XDG_STATE_HOME", ".local/state") / "mailhaul" / "state.db",
      .default_netrc = variable("NETRC").value_or((home() / ".netrc").native())};
  for (const auto& row : commands()) {
    if (row.inside.empty()) sources.reserved_names.emplace_back(row.name);
  }
  for (const auto& name : planned_commands()) sources.reserved_names.emplace_back(name);
  return account::load(sources);
}

account::Account the_account(const Invocation& invocation, const account::Config& config) {
  if (invocation.words.empty())
    throw util::Error(util::Kind::usage, "no account is named", "name one: " + account::names_of(config));
  return account::select(config, std::span(invocation.words).first(1)).front();
}

std::span<const std::string> uids_of(const Invocation& invocation) {
  return std::span(invocation.words).subspan(std::min<std::size_t>(1, invocation.words.size()));
}

}  // namespace mailhaul::app
