// SPDX-License-Identifier: MIT
// Reads the configuration file and the account options of the command line into Account values.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/account.h"
#include "util/secret.h"

namespace mailhaul::account {

/// Where relative paths begin, and default files. The application sets them, since lib reads no environment.
struct Paths {
  util::Path home;
  util::Path default_state_file;          ///< $XDG_STATE_HOME/mailhaul/state.db
  util::Path default_netrc;               ///< $NETRC or ~/.netrc
  util::Path credentials_directory = {};  ///< $CREDENTIALS_DIRECTORY, where systemd sets the modes of files
};

/// An account option of the command line: its key and text, for example "max_size" and "10M"; a boolean is
/// "true" or "false". `deliver` may come several times; together they replace the destinations of the file.
using Override = std::pair<std::string, std::string>;

struct Node;
/// The value of an option as it would be written in the file.
Node value_in_file(const Override& option);

/// The keys of a new account and, for each key that `defaults` would set for it, mailhaul's own default. Left
/// out are keys without a value that means their default, and after_fetch and on_trouble. REQUIRES: the
/// account has the required keys.
Node below_defaults(Node keys, const Node& defaults);
/// The keys, except after_fetch and on_trouble, that an account with these keys takes from `defaults` and
/// uses.
std::vector<std::string> taken_from_defaults(const Node& keys, const Node& defaults);

/// What the accounts are for. Without a file, `look` needs no `deliver`. With `check`, mistakes outside of
/// the accounts are collected as well, not thrown.
enum class Purpose { deliver, look, check };

/// What the configuration is made from.
struct Sources {
  std::optional<util::Path> file;        ///< empty: no file; `overrides` describe the account
  std::optional<util::Secret> text;      ///< the file's content, if it was read already
  std::vector<Override> overrides;       ///< apply to every account of this run
  std::optional<util::Path> state_file;  ///< --state
  std::optional<unsigned> jobs;
  Paths paths;
  std::vector<std::string> reserved_names;  ///< the commands: no account may have such a name
  Purpose purpose = Purpose::deliver;
};

/// Reads and checks the configuration and fills in the defaults. A mistake in one account goes to `mistakes`.
/// Without a file there is one account from the overrides, named USER or USER@HOST. Throws Error{config}
/// "FILE:12:15: accounts.work.server: ...", Error{usage} "--max-size: ...", Error{no_config} if the file does
/// not exist.
Config load(const Sources& sources);

/// The accounts with these names, enabled or not, except those with mistakes; without names, all enabled
/// accounts. Throws Error{usage} for an unknown name, with the nearest known one, and Error{config} if two of
/// the accounts are the same mailbox.
std::vector<Account> select(const Config& config, std::span<const std::string> names);
/// The mistakes in the accounts with these names; without names, in all enabled accounts and elsewhere.
std::vector<Mistake> mistakes_among(const Config& config, std::span<const std::string> names);

/// The names of all accounts, for a hint: "home, work".
std::string names_of(const Config& config);

/// One key. The file, the options of the command line, the schema, `config show` and the test of the manual
/// read these rows.
struct KeyRow {
  std::string_view name, value, help;  ///< value: its name in the help, "SIZE"; empty for a boolean
  std::string_view fallback;           ///< the default as documented
  bool on_command_line;
};
std::span<const KeyRow> keys();             ///< account keys
std::span<const KeyRow> connection_keys();  ///< the first of them: for the server, TLS and the login
std::string help_of(const KeyRow& key);     ///< the help text; for `deliver` with the delivery kinds
/// The possible values of a key, if there are few, or how they begin ("maildir:"). Empty for all other keys,
/// and for unknown names.
std::vector<std::string> choices_of(std::string_view name);
std::span<const KeyRow> top_level_keys();  ///< state, jobs, host_jobs, defaults, accounts ...

/// A key as an option: "--max-size"; "--no-leave-on-server" for a boolean that is "false".
std::string option_name(std::string_view key, std::string_view text = {});

/// Rewrites a hint for a user who gave the account on the command line: keys become options (`--tls none` for
/// `"tls": "none"`), and in commands, --server and --user from `options` replace the account's name.
std::string hint_in_options(std::string_view hint, std::string_view account,
                            std::span<const Override> options);

/// The key of mailhaul to which another program gives this name ("username", "keep"); empty if none is known.
std::string_view key_elsewhere_called(std::string_view name);

/// How JSON is written.
enum class Layout { indented, one_line };
/// The JSON Schema of the file, with LF at the end.
std::string schema(Layout layout = Layout::indented);
/// The configuration in force, in the form of the file; secrets are "***".
std::string show(const Config& config, Layout layout = Layout::indented);

}  // namespace mailhaul::account
