// SPDX-License-Identifier: MIT
// A getmailrc: sections of keys, and values that are written as Python literals.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::setup {

struct GetmailValue {
  unsigned line = 0;
  std::string text;
};
/// The values of a section by their keys, which are in lower case.
using GetmailSection = std::map<std::string, GetmailValue, std::less<>>;
using GetmailRc = std::map<std::string, GetmailSection, std::less<>>;

/// Throws Error{config} "FILE:3: ..." for what getmail does not understand either.
GetmailRc parse_getmailrc(std::string_view text, const std::string& file);

/// A key that has no counterpart. If there is no advice, mailhaul does not need it, or it has no effect here.
struct GetmailRow {
  std::string_view section, key, advice;
};
std::span<const GetmailRow> getmail_keys_elsewhere();

/// Whether getmail knows the key in one of the sections "retriever", "destination" and "options".
bool is_known_to_getmail(std::string_view section, std::string_view key);

/// The strings of a tuple or list: ("a", 'b', 3). A quoted string alone is one string. nullopt for anything
/// else, which only Python could evaluate.
std::optional<std::vector<std::string>> getmail_strings(std::string_view text);

}  // namespace mailhaul::setup
