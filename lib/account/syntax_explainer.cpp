// SPDX-License-Identifier: MIT
#include "account/syntax_explainer.h"

#include <algorithm>

#include "util/error.h"

namespace mailhaul::account {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// A typographic quotation mark, as in text copied from a web page: U+201C to U+201E.
bool is_typographic_quote(std::string_view text) {
  return text.starts_with("\xE2\x80\x9C") || text.starts_with("\xE2\x80\x9D") ||
         text.starts_with("\xE2\x80\x9E");
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t skip_blanks(std::string_view text, std::size_t offset) {
  for (;;) {
    offset = std::min(text.find_first_not_of(blanks, offset), text.size());
    const auto rest = text.substr(offset);
    const auto end = rest.starts_with("//")   ? text.find('\n', offset)
                     : rest.starts_with("/*") ? text.find("*/", offset + 2)
                                              : offset;
    if (end == offset) return offset;
    if (end == std::string_view::npos) return rest.starts_with("//") ? text.size() : offset;
    offset = end + (rest.starts_with("/*") ? 2 : 1);
  }
}

SyntaxExplainer::SyntaxExplainer(std::string_view text, const std::string& file)
    : text_(text), file_(file), lines_{0} {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
    lines_.push_back(end + 1);
}

Position SyntaxExplainer::position(std::size_t offset) const {
  const auto next = std::ranges::upper_bound(lines_, offset);
  const auto begin = *(next - 1);
  const auto before = text_.substr(begin, offset - begin);
  const auto characters = std::ranges::count_if(before, [](char c) { return !continues_character(c); });
  return {static_cast<unsigned>(next - lines_.begin()), static_cast<unsigned>(characters) + 1};
}

void SyntaxExplainer::fail(Position position, const std::string& sentence) const {
  throw util::Error(util::Kind::config, file_ + ":" + std::to_string(position.line) + ":" +
                                            std::to_string(position.column) + ": " + sentence);
}

SyntaxExplainer::BadToken SyntaxExplainer::bad_token(const State& state) const {
  const auto offset = skip_blanks(text_, state.parsed);
  // The library reports no comma or colon that is in its right place; the bad token may be the one after it.
  if (offset < text_.size() && (text_[offset] == ',' || text_[offset] == ':')) {
    const auto next = skip_blanks(text_, offset + 1);
    if (state.reached > next || next == text_.size()) return {next, text_[offset]};
  }
  return {offset, state.parsed == 0 ? '\0' : text_[state.parsed - 1]};
}

std::string SyntaxExplainer::wrong_string(std::size_t reached) const {
  const auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(text_[offset]); };
  const auto last = byte(reached - 1);
  if (reached == text_.size() || last == '\n' || last == '\r')
    return "a string is not closed before the end of its line";
  if (last < 0x20) return "a string contains a control character";
  if (last >= 0x80 || byte(reached - 2) >= 0x80) return "a string contains a byte that is not UTF-8";
  return "a string contains a backslash escape that JSON does not have (write \\\\ for a backslash)";
}

std::string SyntaxExplainer::reason(const State& state, const BadToken& found) const {
  constexpr std::string_view openers = ",:[{";
  if (found.offset == text_.size()) {
    if (state.inside == '\0' && !state.complete) return "the file is empty";
    if (state.complete) return "there is more text after the end of the configuration";
    return std::string("the file ends too early: '") + (state.inside == '{' ? '}' : ']') + "' expected";
  }
  const char c = text_[found.offset];
  const bool in_place = found.before == '\0' || openers.find(found.before) != std::string_view::npos;
  if (c == '/') return "a comment is not closed, or begins with neither // nor /*";
  if (state.complete) return "there is more text after the end of the configuration";
  if (c == '#') return "a comment begins with // or /*";
  if (c == '\'' || is_typographic_quote(text_.substr(found.offset)))
    return "strings must be in double quotes";
  if (c == '"' && in_place) return wrong_string(state.reached);
  if (state.after_key && found.before != ':') return "a ':' is missing after the key";
  if (c == ',' && in_place) return "there is one comma too many";
  if (c == '}' || c == ']' || c == ',' || c == ':') return std::string("unexpected '") + c + "'";
  if (!in_place) return "a comma is missing";
  if (state.inside == '{' && !state.after_key) return "keys must be in double quotes";
  return "expected a string in double quotes, a number, true, false, [ or {";
}

void SyntaxExplainer::explain(const State& state) const {
  const auto found = bad_token(state);
  fail(position(found.offset), reason(state, found));
}

}  // namespace mailhaul::account
