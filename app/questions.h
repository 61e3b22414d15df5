// SPDX-License-Identifier: MIT
// Questions of a command that works without a person as well.
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

  bool answered() const noexcept { return answered_; }  ///< there is somebody to ask

  /// An answer without blanks around it; `otherwise` for an empty one. Throws Error{cancelled} when the
  /// person ends the input. REQUIRES: answered().
  std::string ask(std::string_view question, std::string_view otherwise = {}) const;
  /// True for an answer that begins with y, false for one with n; asks again for any other.
  bool agrees(std::string_view question, std::string_view otherwise = {}) const;
  /// Without echo, and not empty.
  util::Secret ask_secret(std::string_view question) const;

 private:
  const Invocation& invocation_;
  bool answered_;
};

}  // namespace mailhaul::app
