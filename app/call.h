// SPDX-License-Identifier: MIT
// What the command line said, and what a command may ask for of what lies outside the program.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/config.h"
#include "engine/run.h"
#include "report/listener.h"
#include "util/cancel.h"

namespace mailhaul::app {

enum class AutoSwitch { automatic, always, never };

/// Options of every command, and the words of this one.
struct Invocation {
  std::string config, state;
  bool quiet = false, json = false;
  int verbose = 0;
  AutoSwitch progress = AutoSwitch::automatic, color = AutoSwitch::automatic;
  std::optional<unsigned> jobs;

  bool names_command = true;                 ///< false: the words are fetch's by default
  std::vector<std::string> words;            ///< accounts, of commands that take several
  std::string account;                       ///< the one account of the others
  std::vector<std::string> uids;             ///< as typed
  std::vector<account::Override> overrides;  ///< fetch: account keys given as options
  bool keep = false, remove = false, all = false, dry_run = false, every = false;  ///< -k -K -a -n --all
  const util::Cancel* cancel = nullptr;
};

/// Where the configuration file is: -c, $MAILHAUL_CONFIG, $XDG_CONFIG_HOME, ~/.config; empty where none of
/// the last two is there. Throws Error{no_config} when the one that was named is missing.
std::optional<util::Path> find_config(const Invocation& invocation);

/// The configuration in force. `with_overrides`: those of fetch apply, and --server needs no file.
account::Config load_config(const Invocation& invocation);
/// The one account that the command is about.
account::Account the_account(const Invocation& invocation, const account::Config& config);

/// The program's own surroundings: network, disk, clock. Passwords that must be asked for are asked for here,
/// one after the other.
engine::Environment real_environment(const Invocation& invocation, const account::Config& config,
                                     const std::vector<account::Account>& accounts);

/// Prints events for a person, for cron, or (--json) for a script.
std::unique_ptr<report::Listener> make_listener(const Invocation& invocation,
                                                bool summaries_to_stderr = false);

/// Standard output, whole or not at all. Throws Error{storage} when it cannot be written.
void print(std::string_view text);
/// One line for a terminal: control bytes and what is no UTF-8 as \xNN.
std::string safe(std::string_view text);

/// An account's net, for commands about one: says what went wrong with the account's name; returns the exit
/// status.
int with_account(const Invocation& invocation, const account::Account& account,
                 const std::function<void()>& work);

/// The program's net: says what went wrong, as --json wants it; returns the exit status.
int report_error(const Invocation& invocation, const util::Error& error);

}  // namespace mailhaul::app
