// SPDX-License-Identifier: MIT
// A getmailrc: sections of keys, and values that are written as Python literals.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::setup {

struct GetmailValue {
  unsigned line = 0;
  std::string text;
};
/// By its name; keys are in lower case.
using GetmailSection = std::map<std::string, GetmailValue, std::less<>>;
using GetmailRc = std::map<std::string, GetmailSection, std::less<>>;

/// Throws Error{config} "FILE:3: ..." for what getmail does not understand either.
GetmailRc parse_getmailrc(std::string_view text, const std::string& file);

/// The strings of a tuple or list: ("a", 'b',). A bare word or number is one string. Empty: it is anything
/// but literals, which only Python could evaluate.
std::optional<std::vector<std::string>> getmail_strings(std::string_view text);

}  // namespace mailhaul::setup
