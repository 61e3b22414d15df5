// SPDX-License-Identifier: MIT
#include "setup/text_check.h"

#include <algorithm>
#include <optional>

#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

using account::Node;

/// The length of the character that the text begins with (RFC 3629); 0: it begins with none.
std::size_t character_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0U) != 0x80) return 0;
  const unsigned second = at(1);
  const bool too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f, too_large = first == 0xf4 && second > 0x8f;
  return too_long || surrogate || too_large ? 0 : length;
}

/// The offset of the first byte that does not belong to a character.
std::optional<std::size_t> other_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = character_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

/// The first text with such a byte; nullptr: there is none.
const std::string* other_text(const Node& node) {
  if (node.form == Node::Form::text && other_byte(node.text)) return &node.text;
  for (const auto& item : node.items)
    if (const auto* found = other_text(item)) return found;
  for (const auto& member : node.members)
    if (const auto* found = other_text(member.value)) return found;
  return nullptr;
}

/// The word around such a byte, as it may stand in the other program's file.
std::string_view word_around(std::string_view text, std::size_t at) {
  constexpr std::string_view ends = " \t\r\n/\"'=:,;()[]{}\\$";
  const auto before = text.find_last_of(ends, at);
  const auto from = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(from, std::min(text.find_first_of(ends, at), text.size()) - from);
}

/// The first line from `first` on, or else in the whole file, that has the word and is not a comment. Returns
/// `first` if no line has the word, because the file writes it in another form.
unsigned line_of(std::string_view text, std::string_view word, unsigned first) {
  unsigned line = 0, before = 0;
  while (!text.empty()) {
    ++line;
    const auto here = util::take_line(text);
    const auto begin = here.find_first_not_of(" \t");
    if (here.find(word) != std::string_view::npos && here[begin] != '#') {
      if (line >= first) return line;
      if (before == 0) before = line;
    }
  }
  return before == 0 ? first : before;
}

/// Whether the account can be written as it is; a note says why not.
bool is_writable(const Draft& draft, Outcome& outcome, std::string_view text) {
  const auto profile = profile_of(draft, {});
  for (const auto& [key, position, value] : profile.members) {
    const auto* other = other_text(value);
    if (other == nullptr) continue;
    const auto at = *other_byte(*other);
    outcome.notes.push_back({line_of(text, word_around(*other, at), draft.line),
                             "the account " + util::escape(draft.name) + " was not taken over: its \"" + key +
                                 "\" would have a text that is not UTF-8 (" +
                                 util::escape(std::string_view(*other).substr(at, 1)) + ")",
                             "write the text in UTF-8; if it names a file or a directory, rename that too; "
                             "then import again"});
    return false;
  }
  return true;
}

}  // namespace

void leave_out_other_bytes(Outcome& outcome, std::string_view text) {
  std::erase_if(outcome.drafts, [&](const Draft& draft) { return !is_writable(draft, outcome, text); });
}

}  // namespace mailhaul::setup
