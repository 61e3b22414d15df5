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
  bool is_unset = false;         ///< a text of the account has a macro that is not set
  bool server_is_unset = false;  ///< `server` has a macro that is not set
  std::vector<std::pair<unsigned, std::string>> elsewhere;  ///< lines and words without a counterpart
};

struct FdmAction {
  std::vector<std::pair<std::string, std::string>> steps;  ///< "maildir" and its path; "unset": see FdmText
};

struct FdmRule {
  unsigned line = 0;
  bool for_all = false;               ///< the only condition is "all"
  std::vector<std::string> accounts;  ///< patterns, if the only condition is "account"
  std::vector<std::string> actions;   ///< their names
  bool goes_on = false;               ///< "continue"
  std::vector<std::string> limits;    ///< patterns of accounts, if there are other conditions or rules inside
  bool is_nested = false;             ///< it has rules inside of it; `actions` has all texts of them
  bool keeps_inside = false;          ///< one of the rules inside says "keep"
  bool taken_apart() const { return for_all || !accounts.empty(); }
};

struct FdmConf {
  bool verify = false;
  std::uint64_t max_size = 0;
  bool adds_received = true;
  bool keeps_unmatched = true;  ///< mail stays on the server if no rule ends the search
  std::chrono::seconds timeout{0};
  std::vector<FdmAccount> accounts;
  std::map<std::string, FdmAction, std::less<>> actions;
  std::vector<FdmRule> rules;
  std::vector<Note> notes;
};

/// Throws Error{config} "FILE:3: ..." for what fdm does not understand either.
FdmConf parse_fdm_conf(std::string_view text, const std::string& file);

}  // namespace mailhaul::setup
