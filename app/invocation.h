// SPDX-License-Identifier: MIT
// What the command line said.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "account/config.h"
#include "util/cancel.h"

namespace mailhaul::app {

class OutputFailure;
class SecretVariables;
struct Screen;

enum class AutoSwitch { automatic, always, never };

/// -k and -K: what becomes of delivered messages on the server.
enum class ServerCopy { keep, remove };

/// The options of every command, and the words and options of this one.
struct Invocation {
  std::string config, state;
  bool quiet = false, json = false;
  int verbose = 0;
  AutoSwitch progress = AutoSwitch::automatic, color = AutoSwitch::automatic;
  std::optional<unsigned> jobs;

  bool names_command = true;                 ///< false: the words are for fetch, the default command
  std::vector<std::string> words;            ///< accounts; or one account, and then UIDs as typed
  std::vector<account::Override> overrides;  ///< account keys given as options of fetch
  std::optional<ServerCopy> server_copy;     ///< -k, -K
  bool all = false;                          ///< -a, --all
  bool dry_run = false;                      ///< -n
  std::string at;                            ///< --at
  bool print_only = false;                   ///< --print
  bool only_new = false, uids = false;       ///< --new, --uids of list
  std::size_t last = 0;                      ///< --last of list; 0: all
  bool yes = false, unfetched = false;       ///< --yes, --unfetched of delete
  std::string token;                         ///< --token
  bool output_schema = false;                ///< --output of config schema
  bool print_token = false;                  ///< --print-token

  std::optional<std::chrono::seconds> max_age;  ///< --max-age of status
  std::chrono::seconds interval{300};           ///< --interval of watch
  bool* sigterm_is_success = nullptr;           ///< set by watch: SIGTERM ends it with status 0
  std::string old_user;                         ///< --user of state move
  std::string old_host;                         ///< --was of state rebuild

  std::string name, name_server, client_id;  ///< --name, --name-server, --client-id of init
  bool ask_others = false;                   ///< --ask-others
  const util::Cancel* cancel = nullptr;
  OutputFailure* output_failure = nullptr;  ///< of listeners, which must not throw
  Screen* screen = nullptr;                 ///< of live lines and questions
  SecretVariables* variables = nullptr;     ///< of the environment
};

}  // namespace mailhaul::app
