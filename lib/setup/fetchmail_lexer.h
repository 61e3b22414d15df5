// SPDX-License-Identifier: MIT
// Words, strings and numbers of a fetchmailrc.
#pragma once
#include <string>
#include <string_view>

namespace mailhaul::setup {

struct FetchmailToken {
  enum class Form { end, word, number, text, equals };
  Form form = Form::end;
  std::string text;  ///< with its escapes replaced
  unsigned line = 1;
  bool is(std::string_view word) const { return form == Form::word && text == word; }
};

/// Reads tokens one after the other. Line ends are blanks, and so are ";", ":" and ",". The text must outlive
/// the lexer.
class FetchmailLexer {
 public:
  FetchmailLexer(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}
  FetchmailToken next();
  [[noreturn]] void refuse(unsigned line, const std::string& sentence) const;

 private:
  void skip_blanks();
  std::size_t end_of_text() const;  ///< after the closing quote; without one, where the text begins
  std::size_t end_of_word() const;
  std::string take_until(std::size_t end);
  char take();

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

}  // namespace mailhaul::setup
