// SPDX-License-Identifier: MIT
// Servers echo what they were sent. Whatever leaves this module for a person goes through here first.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "util/secret.h"

namespace mailhaul::net {

/// Hides secrets in text, as they are (in either case) and in base64 at any offset of a longer encoded
/// string.
class Redactor {
 public:
  void hide(std::string_view secret);

  /// The text with each secret, and each base64 run that holds one, as "***"; also what stands before '@' in
  /// a URL.
  std::string text(std::string_view bytes) const;
  /// text(), escaped and cut: fit for an error's sentence.
  std::string shown(std::string_view bytes) const;
  /// A line of ours: credentials as "***" whatever they are, so that nothing depends on recognising them.
  std::string command(std::string_view line) const;

 private:
  std::vector<util::Secret> plain_, encoded_;
};

}  // namespace mailhaul::net
