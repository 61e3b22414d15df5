// SPDX-License-Identifier: MIT
// Questions of a command that also works if nobody answers.
#pragma once
#include <string>
#include <string_view>

#include "app/invocation.h"
#include "util/secret.h"

namespace mailhaul::app {

/// The person at the terminal, if there is one. With --json or --print nobody is asked.
class Questions {
 public:
  explicit Questions(const Invocation& invocation);

  bool can_ask() const noexcept { return can_ask_; }

  /// An answer without blanks around it; `otherwise` for an empty one. Throws Error{cancelled} when the
  /// person ends the input. REQUIRES: can_ask().
  std::string ask(std::string_view question, std::string_view otherwise = {}) const;
  /// True for an answer that begins with y, false for one with n; asks again for any other.
  bool agrees(std::string_view question, std::string_view otherwise = {}) const;
  /// Asks without echo, for an answer that is not empty. Throws Error{cancelled} after three empty ones.
  util::Secret ask_secret(std::string_view question) const;

 private:
  const Invocation& invocation_;
  bool can_ask_;
};

}  // namespace mailhaul::app
