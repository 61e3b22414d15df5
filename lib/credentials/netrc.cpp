// SPDX-License-Identifier: MIT
// The netrc file as ftp defined it and curl reads it: tokens between blanks, or in double quotes with
// backslashes. CURLOPT_NETRC is not used, because libcurl does not hand out the password, and the redactor
// and our own USER and PASS need it.
#include <algorithm>
#include <cstddef>

#include "credentials/source.h"
#include "util/ascii.h"
#include "util/error.h"

namespace mailhaul::credentials {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Splits a text into tokens; a "#" where a token would begin makes the rest of the line a comment.
class NetrcTokens {
 public:
  explicit NetrcTokens(std::string_view text) : text_(text) {}

  std::optional<std::string> next() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
      if (at_ == text_.size()) return std::nullopt;
      if (text_[at_] != '#') break;
      skip_line();
    }
    return text_[at_] == '"' ? quoted() : plain();
  }

  /// A macro ends at the next empty line.
  void skip_macro() {
    do skip_line();
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r');
  }

 private:
  void skip_line() {
    const auto end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

  std::string plain() {
    const auto begin = at_;
    at_ = std::min(text_.find_first_of(blanks, at_), text_.size());
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string quoted() {
    const auto begin = at_;
    std::string token;
    while (++at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        token += unescaped(text_[++at_]);
      } else {
        token += text_[at_];
      }
    }
    if (at_ >= text_.size() || text_[at_] != '"') {
      const auto line =
          std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
      throw util::Error(util::Kind::config, "netrc line " + std::to_string(line) + ": a quote is not closed");
    }
    ++at_;
    return token;
  }

  static char unescaped(char c) { return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c; }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// An entry: from one "machine" or "default" to the next.
struct Entry {
  bool applies = false;  ///< it is for the machine in question
  std::optional<std::string> login, password;

  bool answers(std::string_view wanted) const { return applies && password && (!login || *login == wanted); }
};

}  // namespace

std::optional<std::string> find_in_netrc(std::string_view netrc, std::string_view machine,
                                         std::string_view login) {
  NetrcTokens tokens(netrc);
  Entry entry;
  const auto is = [](const std::string& token, std::string_view word) {
    return util::equal_nocase(token, word);
  };
  while (const auto token = tokens.next()) {
    if (is(*token, "machine") || is(*token, "default")) {
      if (entry.answers(login)) return entry.password;
      const auto name = is(*token, "machine") ? tokens.next() : std::string(machine);
      entry = {.applies = name && util::equal_nocase(*name, machine)};
    } else if (is(*token, "login")) {
      entry.login = tokens.next();
    } else if (is(*token, "password")) {
      entry.password = tokens.next();
    } else if (is(*token, "account")) {
      tokens.next();
    } else if (is(*token, "macdef")) {
      tokens.skip_macro();
    }
  }
  return entry.answers(login) ? entry.password : std::nullopt;
}

}  // namespace mailhaul::credentials
