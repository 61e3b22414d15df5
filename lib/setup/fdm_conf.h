// SPDX-License-Identifier: MIT
// A fdm.conf as accounts, actions and rules, as far as they have a counterpart.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "setup/draft.h"

namespace mailhaul::setup {

/// A string, or the output of a command.
struct FdmText {
  std::string text;
  bool is_command = false;
  bool is_unset = false;  ///< it has a macro that the file does not set; this has been noted
};

struct FdmAccount {
  std::string name;
  unsigned line = 0;
  bool disabled = false, keep = false, starttls = false, verify = true, old_only = false;
  std::string source;  ///< "pop3", "pop3s", "imap", ...
  std::string pipe;    ///< a program that is the connection, for a shell
  std::string server, port, cache;
  std::optional<FdmText> user, pass;
  bool is_unset = false;                                    ///< one of the texts is
  bool server_is_unset = false;                             ///< this one is
  std::vector<std::pair<unsigned, std::string>> elsewhere;  ///< lines and words without a counterpart
};

struct FdmAction {
  std::vector<std::pair<std::string, std::string>> steps;  ///< "maildir" and its path; "unset": see FdmText
};

struct FdmRule {
  unsigned line = 0;
  bool for_all = false;               ///< it has no other condition
  std::vector<std::string> accounts;  ///< it has no other condition: patterns
  std::vector<std::string> actions;   ///< their names
  bool goes_on = false;               ///< "continue"
  std::vector<std::string> limits;    ///< it depends on the content, and is for these accounts only: patterns
  bool is_nested = false;             ///< it has rules inside of it, whose texts are the actions
  bool keeps_inside = false;          ///< one of those says "keep"
  bool taken_apart() const { return for_all || !accounts.empty(); }
};

struct FdmConf {
  bool verify = false;
  std::uint64_t max_size = 0;
  bool adds_received = true;
  bool keeps_unmatched = true;  ///< what no rule ends with stays on the server
  std::chrono::seconds timeout{0};
  std::vector<FdmAccount> accounts;
  std::map<std::string, FdmAction, std::less<>> actions;
  std::vector<FdmRule> rules;
  std::vector<Note> notes;
};

/// Throws Error{config} "FILE:3: ..." for what fdm does not understand either.
FdmConf parse_fdm_conf(std::string_view text, const std::string& file);

}  // namespace mailhaul::setup
