// SPDX-License-Identifier: MIT
// Servers echo what they were sent. Everything that this module shows to a person goes through here first.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "util/secret.h"

namespace mailhaul::net {

/// Hides secrets in text, plain (in upper or lower case) and in base64 at any offset of a longer encoded
/// string.
class Redactor {
 public:
  /// Adds a secret.
  void hide(std::string_view secret);

  /// The text with "***" for each secret, each base64 run that contains one, and what comes before '@' in a
  /// URL.
  std::string text(std::string_view bytes) const;
  /// The same, escaped and cut: fit for the sentence of an error.
  std::string shown(std::string_view bytes) const;
  /// A line of ours: credentials become "***" whatever they are, so that nothing depends on recognising them.
  std::string command(std::string_view line) const;

 private:
  std::vector<util::Secret> plain_, encoded_;
};

}  // namespace mailhaul::net
