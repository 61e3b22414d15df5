// SPDX-License-Identifier: MIT
#include "app/config_files.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/commands.h"
#include "app/file_line.h"
#include "app/report_errors.h"
#include "app/secret_variables.h"
#include "app/standard_input.h"
#include "util/escape.h"
#include "util/nearest.h"

namespace mailhaul::app {

namespace {

std::optional<std::string> variable(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here writes the environment
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

/// The home directory; empty: it is not known. A relative $HOME is ignored, because it would be another
/// directory in each working directory.
util::Path home() {
  if (const auto named = variable("HOME"); named && named->starts_with('/')) return *named;
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): before any thread
  return entry == nullptr ? "" : entry->pw_dir;
}

/// A file below the home directory; empty if that is not known.
util::Path below_home(std::string_view path) { return home().empty() ? util::Path() : home() / path; }

/// $XDG_..._HOME counts only when it is absolute (XDG base directory specification). Empty: no home directory
/// is known.
util::Path base_directory(const char* xdg, std::string_view otherwise) {
  const auto named = variable(xdg);
  return named && named->starts_with('/') ? util::Path(*named) : below_home(otherwise);
}

/// A file of mailhaul in a base directory; empty if `directory` is empty.
util::Path file_in(const util::Path& directory, const char* name) {
  return directory.empty() ? util::Path() : directory / "mailhaul" / name;
}

constexpr const char* standard_input = "-";

bool is_there(const util::Path& path) { return ::access(path.c_str(), F_OK) == 0; }

util::Path default_config() { return file_in(base_directory("XDG_CONFIG_HOME", ".config"), "config.json"); }

util::Path default_state_file() {
  return file_in(base_directory("XDG_STATE_HOME", ".local/state"), "state.db");
}

/// Part of a hint, if there is no file that says whether the first word is an account: the command that the
/// word may be meant as. Empty if no command has a similar name.
std::string mistyped_command(const Invocation& invocation) {
  if (invocation.names_command || invocation.words.empty()) return {};
  const auto names = command_names();
  const auto near =
      util::nearest(invocation.words.front(), std::vector<std::string_view>(names.begin(), names.end()));
  return near.empty() ? near
                      : "; '" + util::escape(invocation.words.front()) +
                            "' is not a command: did you mean '" + near + "'?";
}

/// The file that -c names, otherwise $MAILHAUL_CONFIG, otherwise the file in the usual place; empty if none
/// of them is given and the usual place has no file.
std::optional<util::Path> find_config(const Invocation& invocation) {
  const auto named =
      invocation.config.empty() ? variable("MAILHAUL_CONFIG") : std::optional(invocation.config);
  if (named == standard_input) return *named;
  if (named) {
    if (!is_there(*named)) {
      const int problem = errno;
      throw util::Error(
          util::Kind::no_config,
          "cannot open the configuration file " + *named + ": " + util::errno_text(problem),
          (invocation.config.empty() ? "MAILHAUL_CONFIG names this file" : "check the path after -c") +
              mistyped_command(invocation));
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

/// Whether only "mailhaul" was typed, perhaps by somebody who wants to see what it is.
bool is_bare(const Invocation& invocation) {
  return !invocation.names_command && invocation.words.empty() && invocation.overrides.empty() &&
         !invocation.quiet && !invocation.json;
}

void greet() {
  util::write_all(STDERR_FILENO,
                  "mailhaul fetches mail over POP3 into a Maildir, an mbox or a program. To begin:\n\n"
                  "  mailhaul init ADDRESS   finds the server of the address, logs in, writes the account\n"
                  "  mailhaul --server pop3s://HOST --user NAME -k --deliver maildir:~/Mail/home\n"
                  "                          fetches once, without a configuration file\n"
                  "  man mailhaul            explains the rest; mailhaul --help lists the commands\n\n",
                  "standard error");
}

util::Path require_config(const Invocation& invocation) {
  if (auto found = find_config(invocation)) return *found;
  if (!invocation.names_command && !invocation.words.empty()) throw unknown_command(invocation.words.front());
  if (default_config().empty())
    throw util::Error(util::Kind::config,
                      "the home directory, where the configuration file would be, is not known",
                      "set HOME, or name the file with -c");
  const auto missing = "there is no configuration file " + default_config().native();
  if (is_bare(invocation)) {
    greet();
    throw util::Error(util::Kind::config, missing);
  }
  throw util::Error(
      util::Kind::config, missing,
      "mailhaul init ADDRESS writes one (man mailhaul.json explains it), or give everything on the command "
      "line: mailhaul fetch --server pop3s://HOST --user NAME --deliver maildir:~/Mail/home");
}

bool names_server(const Invocation& invocation) {
  return std::ranges::any_of(invocation.overrides, [](const auto& entry) { return entry.first == "server"; });
}

/// Whether the options describe an account, so that no file is needed.
bool describes_account(const Invocation& invocation) {
  return invocation.words.empty() && names_server(invocation);
}

/// Whether a word is the name of an account, or similar to that name.
bool is_like(const std::string& word, std::string_view name) {
  return word == name || !util::nearest(word, {&name, 1}).empty();
}

}  // namespace

namespace {

/// Loads the configuration; each error that names a place in the file shows the line.
account::Config load_with_lines(const account::Sources& sources) {
  const auto explain = [&sources](const util::Error& error) {
    constexpr std::uint64_t most = 16U << 20U;
    const auto file = sources.file->native();
    if (sources.text) return with_line(error, file, sources.text->reveal());
    const bool names_it = std::string_view(error.what()).starts_with(file + ":");
    if (!names_it || !std::filesystem::is_regular_file(*sources.file)) return error;  // a pipe is read once
    return with_line(error, file, util::Secret(util::read_file(file, most)).reveal());
  };
  if (!sources.file) return account::load(sources);
  try {
    auto config = account::load(sources);
    for (auto& mistake : config.mistakes) mistake.error = explain(mistake.error);
    return config;
  } catch (const util::Error& error) {
    throw util::Error(explain(error));
  }
}

/// The same for this invocation. Takes passwords out of the environment, so that no program that is started
/// later sees them.
account::Config loaded(const Invocation& invocation, const account::Sources& sources) {
  auto config = load_with_lines(sources);
  if (invocation.variables != nullptr) invocation.variables->take(config.secret_variables);
  return config;
}

/// The sources for account::load(), without the file and its text.
account::Sources sources_of(const Invocation& invocation) {
  account::Sources sources;
  sources.overrides = invocation.overrides;
  if (!invocation.state.empty()) sources.state_file = std::filesystem::absolute(invocation.state);
  sources.jobs = invocation.jobs;
  sources.paths = {.home = home(),
                   .default_state_file = default_state_file(),
                   .default_netrc = variable("NETRC").value_or(below_home(".netrc").native()),
                   .credentials_directory = variable("CREDENTIALS_DIRECTORY").value_or("")};
  sources.reserved_names = command_names();
  return sources;
}

account::Config load_from(const Invocation& invocation, const std::optional<util::Path>& file,
                          account::Purpose purpose = account::Purpose::deliver) {
  auto sources = sources_of(invocation);
  sources.file = file;
  if (file == util::Path(standard_input)) {
    constexpr std::size_t most_bytes = 16U << 20U;
    sources.text =
        read_standard_input(most_bytes,
                            {util::Kind::config, "the configuration on standard input is larger than 16 MiB",
                             "is it a configuration? man mailhaul.json describes it"},
                            *invocation.cancel);
    sources.file = "standard input";
  }
  sources.purpose = purpose;
  return loaded(invocation, sources);
}

}  // namespace

account::Config load_config(const Invocation& invocation, account::Purpose purpose) {
  if (describes_account(invocation)) return load_from(invocation, std::nullopt, purpose);
  return load_from(invocation, require_config(invocation), purpose);
}

std::optional<account::Config> load_config_if_any(const Invocation& invocation) {
  const auto file = find_config(invocation);
  if (!file) return std::nullopt;
  return load_from(invocation, file);
}

util::Path state_file_without_config(const Invocation& invocation) {
  if (!invocation.state.empty()) return std::filesystem::absolute(invocation.state);
  auto file = default_state_file();
  if (file.empty())
    throw util::Error(util::Kind::config,
                      "the home directory, where the state database would be, is not known",
                      "set HOME, or name the file with --state");
  return file;
}

account::Config load_for_uids(const Invocation& invocation) {
  return names_server(invocation) ? load_from(invocation, std::nullopt, account::Purpose::look)
                                  : load_config(invocation, account::Purpose::look);
}

account::Config load_config_from(const Invocation& invocation, const util::Path& file) {
  return load_from(invocation, file);
}

account::Config load_config_from_text(const Invocation& invocation, const util::Path& file,
                                      util::Secret text) {
  auto sources = sources_of(invocation);
  sources.file = file;
  sources.text = std::move(text);
  return loaded(invocation, sources);
}

util::Path config_path(const Invocation& invocation) {
  const auto named =
      invocation.config.empty() ? variable("MAILHAUL_CONFIG") : std::optional(invocation.config);
  const util::Path file = named ? util::Path(*named) : default_config();
  return file.empty() || file == standard_input ? file : std::filesystem::absolute(file);
}

util::Path config_to_write(const Invocation& invocation) {
  auto file = config_path(invocation);
  if (file == standard_input)
    throw util::Error(util::Kind::usage, "the configuration on standard input cannot be written",
                      "name a file with -c");
  if (file.empty())
    throw util::Error(util::Kind::config,
                      "the home directory, where the configuration file would be, is not known",
                      "set HOME, or name the file with -c");
  return file;
}

UserPlaces user_places() {
  return {.home = home(), .config_home = base_directory("XDG_CONFIG_HOME", ".config")};
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& row : commands())
    if (row.inside.empty()) names.emplace_back(row.name);
  return names;
}

std::vector<int> tell_mistakes(const Invocation& invocation, const account::Config& config,
                               report::Listener& tell) {
  std::vector<int> statuses;
  for (const auto& mistake : account::mistakes_among(config, invocation.words))
    statuses.push_back(tell_error(tell, mistake.account, mistake.error));
  if (statuses.empty() && account::select(config, invocation.words).empty())
    tell.warned({}, {.sentence = "no account is enabled",
                     .hint = "name one: mailhaul " + config.names.front(),
                     .uid = {},
                     .quiet_skips_it = true});
  return statuses;
}

account::Account the_account(const Invocation& invocation, const account::Config& config) {
  if (invocation.words.empty() && config.names.size() > 1)
    throw util::Error(util::Kind::usage, "no account is named", "name one: " + account::names_of(config));
  const auto name = std::span(invocation.words.empty() ? config.names : invocation.words).first(1);
  const auto accounts = account::select(config, name);
  if (accounts.empty()) throw util::Error(account::mistakes_among(config, name).front().error);
  return accounts.front();
}

Target target_of(const Invocation& invocation, const account::Config& config) {
  const auto words = std::span(invocation.words);
  const bool is_named =
      !words.empty() && (config.names.size() > 1 || is_like(words.front(), config.names.front()));
  Invocation alone = invocation;
  alone.words.assign(words.begin(), words.begin() + (is_named ? 1 : 0));
  return {the_account(alone, config), words.subspan(is_named ? 1 : 0)};
}

Target target_with_uids(const Invocation& invocation, const account::Config& config) {
  auto target = target_of(invocation, config);
  if (target.uids.empty())
    throw util::Error(util::Kind::usage, "no UID is given",
                      "mailhaul list " + target.account.name + " shows the UIDs");
  return target;
}

}  // namespace mailhaul::app
