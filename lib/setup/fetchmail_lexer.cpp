// SPDX-License-Identifier: MIT
#include "setup/fetchmail_lexer.h"

#include <algorithm>

#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

constexpr std::string_view blanks = " \t\r\n;:,";
constexpr std::string_view word_ends = " \t\r\n;:,=";

bool is_digit(char c, int base) {
  if (base == 16) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return c >= '0' && c < '0' + base;
}

/// "\0101" is octal, "\x41" hexadecimal, "\65" decimal. Appends the character; returns how much was read.
std::size_t numeric_escape(std::string_view digits, std::string& into) {
  const int base = digits.front() == 'x' ? 16 : digits.front() == '0' ? 8 : 10;
  std::size_t at = base == 10 ? 0 : 1;
  const std::size_t most = at + (base == 16 ? 2 : 3);
  int value = 0;
  while (at < digits.size() && at < most && is_digit(digits[at], base)) {
    const char c = digits[at++];
    value = value * base + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  into += static_cast<char>(value & 0xff);
  return at;
}

std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      plain += text[at++];
      continue;
    }
    const char c = text[++at];
    if (c == 'x' || is_digit(c, 10)) {
      at += numeric_escape(text.substr(at), plain);
      continue;
    }
    ++at;
    constexpr std::string_view letters = "ntbr", meanings = "\n\t\b\r";
    const auto letter = letters.find(c);
    if (c != '\n') plain += letter == std::string_view::npos ? c : meanings[letter];
  }
  return plain;
}

bool is_number(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  return !word.empty() && std::ranges::all_of(word, [](char c) { return is_digit(c, 10); });
}

}  // namespace

char FetchmailLexer::take() {
  const char c = text_[at_++];
  if (c == '\n') ++line_;
  return c;
}

void FetchmailLexer::skip_blanks() {
  while (at_ < text_.size()) {
    if (text_[at_] == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (blanks.find(text_[at_]) != std::string_view::npos) {
      take();
    } else {
      return;
    }
  }
}

std::size_t FetchmailLexer::end_of_text() const {
  const auto closing = text_.find(text_[at_], at_ + 1);
  return closing == std::string_view::npos ? at_ : closing + 1;
}

std::size_t FetchmailLexer::end_of_word() const {
  auto at = at_;
  while (at < text_.size() && word_ends.find(text_[at]) == std::string_view::npos)
    at += text_[at] == '\\' && at + 1 < text_.size() ? 2 : 1;
  return at;
}

std::string FetchmailLexer::take_until(std::size_t end) {
  const auto from = at_;
  while (at_ < end) take();
  return std::string(text_.substr(from, end - from));
}

FetchmailToken FetchmailLexer::next() {
  using Form = FetchmailToken::Form;
  skip_blanks();
  FetchmailToken token{.line = line_};
  if (at_ == text_.size()) return token;
  const char first = text_[at_];
  // The longer reading wins: "a b"c is a text and a word, but "a"c is a word with quotes in it.
  const auto text_end = first == '"' || first == '\'' ? end_of_text() : at_;
  if (first == '=') {
    take();
    token.form = Form::equals;
  } else if (const auto word_end = end_of_word(); text_end > at_ && text_end >= word_end) {
    const auto text = take_until(text_end);
    token.text = without_escapes(std::string_view(text).substr(1, text.size() - 2));
    token.form = Form::text;
  } else {
    token.text = without_escapes(take_until(word_end));
    token.form = is_number(token.text) ? Form::number : Form::word;
  }
  return token;
}

void FetchmailLexer::refuse(unsigned line, const std::string& sentence) const {
  throw util::Error(util::Kind::config,
                    util::escape(file_, 4096) + ":" + std::to_string(line) + ": " + sentence,
                    "nothing was taken over; fetchmail --configdump shows how fetchmail reads the file");
}

}  // namespace mailhaul::setup
