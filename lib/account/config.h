// SPDX-License-Identifier: MIT
// The configuration file and the command line's account options, into Account values.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/account.h"

namespace mailhaul::account {

/// Where relative things start; handed in by app, since lib reads no environment.
struct Paths {
  util::Path home;
  util::Path default_state_file;  ///< $XDG_STATE_HOME/mailhaul/state.db
  util::Path default_netrc;       ///< $NETRC or ~/.netrc
};

/// One account option of the command line: key and text, as "max_size", "10M"; booleans "true" or "false".
/// A `deliver` may come several times; together they replace the profile's.
using Override = std::pair<std::string, std::string>;

/// What the configuration is made from.
struct Sources {
  std::optional<util::Path> file;        ///< empty: no configuration file, all from `overrides`
  std::vector<Override> overrides;       ///< apply to every account of this run
  std::optional<util::Path> state_file;  ///< --state
  std::optional<unsigned> jobs;
  Paths paths;
  std::vector<std::string> reserved_names;  ///< the commands: no account is called so
};

/// Reads, checks, fills in defaults. Throws Error{config}: "FILE:12:15: accounts.work.server: ...",
/// Error{usage}:
/// "--max-size: ...", Error{no_config} when the file is not there. Without file: one account "default" from
/// the overrides; what is missing is named, Error{usage}. What is not built yet: Error{usage}.
Config load(const Sources& sources);

/// The accounts named (any, also those not enabled), or all enabled ones. Throws Error{usage} with the
/// nearest name.
std::vector<Account> select(const Config& config, std::span<const std::string> names);

/// "home, work": for hints.
std::string names_of(const Config& config);

/// One row a key: the file, the command line's option, the schema, `config show` and the manual's test all
/// read it.
struct KeyRow {
  std::string_view name, value, help;  ///< value: what stands for it in help: "SIZE"; empty for a boolean
  std::string_view fallback;           ///< the default as documented
  bool on_command_line;
};
std::span<const KeyRow> keys();            ///< account keys
std::string help_of(const KeyRow& key);    ///< its help; of `deliver` with the kinds that there are
std::span<const KeyRow> top_level_keys();  ///< state, jobs, host_jobs, defaults, accounts ...

/// A key as an option: "--max-size"; "--no-leave-on-server" for a boolean that is "false".
std::string option_name(std::string_view key, std::string_view text = {});

/// How JSON is written.
enum class Layout { indented, one_line };
/// JSON Schema of the file, LF at the end.
std::string schema(Layout layout = Layout::indented);
/// What is in force, as a configuration file; secrets as "***".
std::string show(const Config& config, Layout layout = Layout::indented);

}  // namespace mailhaul::account
