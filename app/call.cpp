// SPDX-License-Identifier: MIT
#include "app/call.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/commands.h"
#include "app/json_lines.h"
#include "app/terminal.h"
#include "util/escape.h"

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
    throw util::Error(util::Kind::config, "cannot tell the home directory: HOME is not set", "set HOME");
  return entry->pw_dir;
}

/// $XDG_..._HOME counts only when absolute (XDG base directory specification).
util::Path base_directory(const char* xdg, std::string_view otherwise) {
  const auto named = variable(xdg);
  return named && named->starts_with('/') ? util::Path(*named) : home() / otherwise;
}

bool there(const util::Path& path) { return ::access(path.c_str(), F_OK) == 0; }

util::Path default_config() {
  return base_directory("XDG_CONFIG_HOME", ".config") / "mailhaul" / "config.json";
}

}  // namespace

std::optional<util::Path> find_config(const Invocation& invocation) {
  auto named = invocation.config.empty() ? variable("MAILHAUL_CONFIG") : std::optional(invocation.config);
  if (named) {
    if (!there(*named)) {
      throw util::Error(util::Kind::no_config,
                        "cannot open the configuration file " + *named + ": " + util::errno_text(errno),
                        invocation.config.empty() ? "MAILHAUL_CONFIG names it" : "check the path after -c");
    }
    if (std::filesystem::is_directory(*named)) {
      throw util::Error(util::Kind::config, "the configuration file " + *named + " is a directory",
                        "name the file in it, as " + (util::Path(*named) / "config.json").native());
    }
    return *named;
  }
  if (there(default_config())) return default_config();
  return std::nullopt;
}

account::Config load_config(const Invocation& invocation) {
  account::Sources sources;
  const bool one_off =
      invocation.words.empty() &&
      std::ranges::any_of(invocation.overrides, [](const auto& entry) { return entry.first == "server"; });
  if (!one_off) {
    sources.file = find_config(invocation);
    if (!sources.file) {
      throw util::Error(
          util::Kind::config, "there is no configuration file " + default_config().native(),
          "write one (man mailhaul-config has examples), or say it all on the command line: mailhaul fetch "
          "--server pop3s://HOST --user NAME --deliver maildir:~/Mail");
    }
  }
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
  return account::select(config, {&invocation.account, 1}).front();
}

std::unique_ptr<report::Listener> make_listener(const Invocation& invocation, bool summaries_to_stderr) {
  const bool at_terminal = ::isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb";
  if (invocation.json) return std::make_unique<JsonLines>(invocation.quiet);
  return std::make_unique<Terminal>(Terminal::Style{
      .quiet = invocation.quiet,
      .verbose = invocation.verbose,
      .on_terminal = ::isatty(STDOUT_FILENO) == 1,
      .live = invocation.progress == AutoSwitch::always ||
              (invocation.progress == AutoSwitch::automatic && !invocation.quiet && invocation.verbose < 2 &&
               at_terminal),
      .color = invocation.color == AutoSwitch::always ||
               (invocation.color == AutoSwitch::automatic && !variable("NO_COLOR") && at_terminal),
      .summaries_to_stderr = summaries_to_stderr});
}

void print(std::string_view text) { util::write_all(STDOUT_FILENO, text, "standard output"); }

std::string safe(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = printable_prefix(text);
    result += length == 0 ? util::escape(text.substr(0, 1)) : std::string(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

namespace {

int report(const Invocation& invocation, std::string_view account, const util::Error& error) {
  const int status = util::exit_status(error.kind());
  const report::Notice notice{.sentence = error.what(), .hint = error.hint(), .uid = {}, .status = status};
  make_listener(invocation)->failed(account, notice);
  return status;
}

}  // namespace

int with_account(const Invocation& invocation, const account::Account& account,
                 const std::function<void()>& work) {
  try {
    work();
    return 0;
  } catch (const util::Error& error) {
    return report(invocation, account.name, error);
  }
}

int report_error(const Invocation& invocation, const util::Error& error) {
  return report(invocation, {}, error);
}

}  // namespace mailhaul::app
