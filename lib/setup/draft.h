// SPDX-License-Identifier: MIT
// An account that another program describes, in the terms of mailhaul, and notes on what could not be taken
// over.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/document.h"
#include "util/file.h"
#include "util/secret.h"

namespace mailhaul::setup {

/// One thing that has no counterpart in mailhaul, or has another meaning there, and what to do about it.
struct Note {
  unsigned line = 0;  ///< in the file; 0: none in particular
  std::string sentence, advice;
};

/// A message that another program has fetched.
struct KnownMessage {
  std::string uid;
  std::optional<std::chrono::sys_seconds> fetched;  ///< empty: the list has no time
};

enum class Encryption { implicit, stls, none };

/// A place where mail goes.
struct DraftDestination {
  std::string kind, path;          ///< "maildir", "mbox"; "mda" has a command instead of a path
  std::vector<std::string> words;  ///< program and arguments
  bool from_line = false;
};

/// One account. An empty text, 0 or false means what mailhaul does by default.
struct Draft {
  std::string name;
  unsigned line = 0;
  std::string poll_name;  ///< the name of fetchmail's entry, which its list may have instead of the host
  std::string host, user;
  std::uint16_t port = 0;
  Encryption encryption = Encryption::none;
  std::string socket;               ///< the path of a local socket, in place of host and port
  std::vector<std::string> tunnel;  ///< a program whose standard input and output are the connection
  std::string ca_file, server_name, client_cert, client_key, min_version, auth, proxy;
  util::Secret password;  ///< is written into a file of its own
  std::vector<std::string> password_command;
  std::string password_file;
  bool netrc = false;
  std::chrono::seconds timeout{0};
  bool leave_on_server = false, fetch_all = false;
  std::chrono::seconds delete_after{0};
  std::uint64_t max_size = 0, max_bytes = 0, max_messages = 0;
  bool trace_header = true;
  bool enabled = true;
  std::vector<DraftDestination> deliver;
  bool lacks_place = false;  ///< the other program delivers to more places than these
  util::Path seen_file;      ///< the other program's list of what it has fetched; empty: it keeps none
  std::vector<KnownMessage> known;
};

/// What a configuration of another program says.
struct Outcome {
  util::Path file;
  std::vector<Draft> drafts;
  std::vector<Note> notes;
};

/// What `import` and `doctor` need to know of the system and the user; `app` provides it.
struct Surroundings {
  util::Path home;         ///< ~
  util::Path config_home;  ///< $XDG_CONFIG_HOME, else ~/.config
  std::string user;        ///< who runs the program
  std::function<std::optional<std::string>(const std::string& name)> variable;
};

/// The keys of the account. `password_file` is where the password is going to be.
account::Node profile_of(const Draft& draft, const util::Path& password_file);

/// A command line that a shell runs, as program and arguments: split if it has none of the shell's
/// characters, otherwise given to sh. An empty command gives no words.
std::vector<std::string> words_of_shell(std::string_view command);
/// Pairs: what the other program replaces in a command, and what is written in its place.
using Placeholders = std::vector<std::pair<std::string, std::string>>;
/// The same for a program that gets mail, where mailhaul reads % as the beginning of a placeholder. nullopt
/// if a shell inside of the command would read text from a message as a part of its own commands.
std::optional<std::vector<std::string>> program_of_shell(std::string_view command, const Placeholders& known);
/// A word of such a program in which nothing is a placeholder.
std::string without_placeholders(std::string_view word);
/// Adds such a program to the places of the account. If that is not possible, the account lacks a
/// place, and a note says so.
void deliver_to_shell(Draft& draft, Outcome& outcome, std::string_view command, const Placeholders& known);

/// Replaces "~/" and "~anna/" at the start; a relative path begins at `base`. If nobody is called anna here,
/// the path stays as it is.
std::string absolute(std::string_view path, const util::Path& home, const util::Path& base);

/// Whether the server is on this machine, so that nobody else sees what is sent to it.
bool is_on_this_machine(const Draft& draft);

/// Gives each account a valid name that no other one has; `reserved` are names that no account may have. Of
/// two enabled accounts for one mailbox the second is switched off, with a note. An account that lacks a
/// place for its mail is switched off; if it has no place at all, it gets a Maildir in ~/Mail.
void complete(Outcome& outcome, const Surroundings& around, const std::vector<std::string>& reserved);

/// Does the same for two enabled accounts for one mailbox that come from different files.
void switch_off_doubles(std::span<Outcome> outcomes);

}  // namespace mailhaul::setup
