// SPDX-License-Identifier: MIT
// A fetchmailrc as a list of entries with their options, without regard to their meaning.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::setup {

/// What follows an option.
enum class FetchmailArgument { none, text, number, texts, numbers, envelope };

/// One option, and what becomes of it: `advice` is empty if the importer reads it, or if mailhaul does
/// the same anyway; otherwise it says what to do instead.
struct FetchmailOption {
  std::string_view name;
  std::string_view same_as;  ///< the option of which this is another spelling; may be empty
  FetchmailArgument argument;
  bool of_server;  ///< comes before the users of an entry
  std::string_view advice = {};
};
std::span<const FetchmailOption> fetchmail_options();

struct FetchmailValue {
  unsigned line = 0;
  bool on = true;          ///< false: "no" came before it
  bool inherited = false;  ///< it comes from the defaults
  std::vector<std::string> texts;
};
using FetchmailValues = std::map<std::string, FetchmailValue, std::less<>>;

struct FetchmailUser {
  unsigned line = 0;
  FetchmailValues values;
};

struct FetchmailEntry {
  std::string name;  ///< after "poll" or "skip"; empty: the defaults
  unsigned line = 0;
  bool skipped = false;
  FetchmailValues values;
  std::vector<FetchmailUser> users;
};

struct FetchmailRc {
  FetchmailValues set;  ///< what "set" says
  FetchmailEntry defaults;
  std::vector<FetchmailEntry> entries;
};

/// Throws Error{config} "FILE:3: ..." for what fetchmail does not understand either.
FetchmailRc parse_fetchmailrc(std::string_view text, const std::string& file);

}  // namespace mailhaul::setup
