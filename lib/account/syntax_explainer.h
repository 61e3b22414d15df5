// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "account/document.h"

namespace mailhaul::account {

/// Says in our words where and why a text is not JSON. Quotes nothing but punctuation: the text may be a
/// secret.
class SyntaxExplainer {
 public:
  SyntaxExplainer(std::string_view text, const std::string& file);

  Position position(std::size_t offset) const;
  /// Throws Error{config} "FILE:LINE:COLUMN: sentence".
  [[noreturn]] void fail(Position position, const std::string& sentence) const;

  /// How far the reader came.
  struct State {
    std::size_t settled, reached;  ///< understood up to here; read up to here
    char inside;                   ///< '{', '[', or NUL at the top
    bool after_key, complete;      ///< a key waits for its value; the outermost value is over
  };
  [[noreturn]] void explain(const State& state) const;

 private:
  /// Where the token begins that was not understood (the text's size: its end), and the last byte of the one
  /// before.
  struct BadToken {
    std::size_t offset;
    char before;
  };
  BadToken bad_token(const State& state) const;
  std::size_t skip_blanks(std::size_t offset) const;
  std::string wrong_string(std::size_t reached) const;
  std::string reason(const State& state, const BadToken& found) const;

  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_;  ///< where each begins
};

}  // namespace mailhaul::account
