// SPDX-License-Identifier: MIT
#include "setup/fdm_lexer.h"

#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

constexpr std::size_t longest_string = 64U << 10U;  // macros inside of macros grow quickly

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

void FdmLexer::refuse(unsigned line, const std::string& sentence) const {
  throw util::Error(util::Kind::config,
                    util::escape(file_, 4096) + ":" + std::to_string(line) + ": " + sentence,
                    "nothing was taken over; fdm -n -f FILE shows whether fdm reads the file");
}

void FdmLexer::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\\') {
      if (c == '\n') ++line_;
      ++at_;
    } else {
      return;
    }
  }
}

std::string FdmLexer::name() {
  const auto from = at_;
  while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
  return std::string(text_.substr(from, at_ - from));
}

void FdmLexer::quote(FdmToken& token, const FdmMacros& macros) {
  const unsigned begun = line_;
  auto& result = token.text;
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (c == '\\' && at_ + 1 < text_.size() &&
        std::string_view("\\\"t").find(text_[at_ + 1]) != std::string_view::npos) {
      const char escaped = text_[++at_];
      result += escaped == 't' ? '\t' : escaped;
    } else if ((c == '$' || c == '%') && at_ + 1 < text_.size() && text_[at_ + 1] == '{') {
      const auto end = text_.find('}', at_);
      if (end == std::string_view::npos) refuse(begun, "the name of a macro is not closed");
      const auto macro = macros.find(std::string(1, c) + std::string(text_.substr(at_ + 2, end - at_ - 2)));
      const std::string_view written = text_.substr(at_, end + 1 - at_);
      if (macro == macros.end()) token.unset = written;
      result += macro == macros.end() ? written : macro->second;
      at_ = end;
    } else {
      result += c;
    }
    if (result.size() > longest_string) refuse(begun, "a string is too long");
  }
  if (at_ == text_.size()) refuse(begun, "a quote is not closed");
  ++at_;
}

std::string FdmLexer::literal() {
  const unsigned begun = line_;
  std::string result;
  for (++at_; at_ < text_.size() && text_[at_] != '\''; ++at_) {
    if (text_[at_] == '\n') ++line_;
    result += text_[at_];
  }
  if (at_ == text_.size()) refuse(begun, "a quote is not closed");
  ++at_;
  return result;
}

/// $(command), up to the bracket that closes it.
std::string FdmLexer::command() {
  const unsigned begun = line_;
  const auto from = at_ + 2;
  unsigned open = 0;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (c == '(') ++open;
    if (c == ')' && --open == 0) return std::string(text_.substr(from, at_++ - from));
  }
  refuse(begun, "a bracket is not closed");
}

FdmToken FdmLexer::next(const FdmMacros& macros) {
  using Form = FdmToken::Form;
  skip_blanks();
  FdmToken token{.line = line_};
  if (at_ == text_.size()) return token;
  const char c = text_[at_];
  if (c == '"' || c == '\'') {
    token.form = Form::text;
    if (c == '"') quote(token, macros);
    if (c == '\'') token.text = literal();
  } else if ((c == '$' || c == '%') && at_ + 1 < text_.size() && text_[at_ + 1] == '(') {
    token.form = Form::command;
    token.text = command();
  } else if (c == '$' || c == '%') {
    ++at_;
    token.form = Form::macro;
    token.text = std::string(1, c) + name();
  } else if (is_name_character(c)) {
    token.form = Form::word;
    token.text = name();
  } else {
    token.form = Form::mark;
    token.text = std::string(1, c);
    ++at_;
  }
  return token;
}

}  // namespace mailhaul::setup
