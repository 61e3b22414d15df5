// SPDX-License-Identifier: MIT
// Words, strings and numbers of a fdm.conf, with its macros replaced.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace mailhaul::setup {

struct FdmToken {
  /// `command` is $(...): a program whose output stands there. `macro` is $name or %name, outside of strings.
  enum class Form { end, word, text, command, macro, mark };
  Form form = Form::end;
  std::string text;
  unsigned line = 1;
  std::string unset;  ///< a macro in a string, "${name}", that is not set before and was left as it is
  bool is(std::string_view word) const { return form == Form::word && text == word; }
  bool is_mark(char c) const { return form == Form::mark && text.front() == c; }
};

/// Macros by their names, with $ or %.
using FdmMacros = std::map<std::string, std::string, std::less<>>;

/// Reads tokens one after the other. The text must outlive the lexer.
class FdmLexer {
 public:
  FdmLexer(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}
  /// Throws Error{config} if a quote or a bracket is not closed.
  FdmToken next(const FdmMacros& macros);
  [[noreturn]] void refuse(unsigned line, const std::string& sentence) const;

 private:
  void skip_blanks();
  void quote(FdmToken& token, const FdmMacros& macros);
  std::string literal();
  std::string command();
  std::string name();

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

}  // namespace mailhaul::setup
