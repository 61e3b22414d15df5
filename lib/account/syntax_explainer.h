// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "account/document.h"

namespace mailhaul::account {

/// Where the blanks and comments that begin at `offset` end. A comment that is not closed is not skipped.
std::size_t skip_blanks(std::string_view text, std::size_t offset);

/// Explains in plain words where and why a text is not JSON. Quotes only punctuation, since the text may be a
/// secret.
class SyntaxExplainer {
 public:
  SyntaxExplainer(std::string_view text, const std::string& file);

  Position position(std::size_t offset) const;
  /// Throws Error{config} "FILE:LINE:COLUMN: sentence".
  [[noreturn]] void fail(Position position, const std::string& sentence) const;

  /// How far the reader got.
  struct State {
    std::size_t parsed, reached;  ///< understood up to here, and read up to here
    char inside;                  ///< '{', '[', or NUL at the top
    bool after_key, complete;     ///< a key waits for its value; the outermost value is complete
  };
  [[noreturn]] void explain(const State& state) const;

 private:
  /// The token that was not understood: where it begins (the size of the text if the text ends there), and
  /// the last byte of the token before it.
  struct BadToken {
    std::size_t offset;
    char before;
  };
  BadToken bad_token(const State& state) const;
  std::string wrong_string(std::size_t reached) const;
  std::string reason(const State& state, const BadToken& found) const;

  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_;  ///< where each line begins
};

}  // namespace mailhaul::account
