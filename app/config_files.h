// SPDX-License-Identifier: MIT
// Where the configuration is, and which of its accounts an invocation is about.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "account/config.h"
#include "app/invocation.h"
#include "report/listener.h"

namespace mailhaul::app {

/// The configuration in force: the file, and the options of this invocation. With --server and without words,
/// no file is read. Throws Error{no_config} when the file that was named is missing, Error{config | usage}.
account::Config load_config(const Invocation& invocation,
                            account::Purpose purpose = account::Purpose::deliver);

/// The same for a command that takes UIDs: with --server, no file is read even if there are words.
account::Config load_for_uids(const Invocation& invocation);

/// As load_config(), but always from this file.
account::Config load_config_from(const Invocation& invocation, const util::Path& file);

/// As load_config_from(), but with this text in place of the content of the file.
account::Config load_config_from_text(const Invocation& invocation, const util::Path& file,
                                      util::Secret text);

/// The configuration in force; empty if there is no file and none was named.
std::optional<account::Config> load_config_if_any(const Invocation& invocation);

/// Where the state database is without a configuration. Throws Error{config} if no home directory is known.
util::Path state_file_without_config(const Invocation& invocation);

/// The file of -c, of $MAILHAUL_CONFIG, or the usual one, whether it exists or not; "-": standard input.
/// Empty: no home directory is known.
util::Path config_path(const Invocation& invocation);

/// The same for a command that writes the file. Throws Error{usage | config} if there is none to write.
util::Path config_to_write(const Invocation& invocation);

/// Where the user's files are; empty: no home directory is known.
struct UserPlaces {
  util::Path home, config_home;
};
UserPlaces user_places();

/// Names that no account may have: those of the commands.
std::vector<std::string> command_names();

/// Reports the mistakes of the accounts that the words name (without words, of all that are enabled), and
/// returns the status of each. Warns when no account is enabled.
std::vector<int> tell_mistakes(const Invocation& invocation, const account::Config& config,
                               report::Listener& tell);

/// The account that the first word names, or the only one that there is. Throws Error{usage}, and the first
/// mistake of that account.
account::Account the_account(const Invocation& invocation, const account::Config& config);

/// An account, and the UIDs after it.
struct Target {
  account::Account account;
  std::span<const std::string> uids;
};
/// As the_account(), for commands that take UIDs: if there is only one account, it need not be named.
Target target_of(const Invocation& invocation, const account::Config& config);
/// As target_of(). Throws Error{usage} if no UID is given.
Target target_with_uids(const Invocation& invocation, const account::Config& config);

}  // namespace mailhaul::app
