// SPDX-License-Identifier: MIT
// The environment. Variables with passwords are removed from it and kept here, so that no program that is
// started sees them.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>

#include "util/secret.h"

namespace mailhaul::app {

/// While take() is running, nobody else may read the environment. Any thread may call value().
class SecretVariables {
 public:
  /// Keeps the values of these variables and removes them from the environment. If a variable is no longer in
  /// the environment, the value that was kept before stays.
  void take(std::span<const std::string> names);
  /// The value of a variable, whether it was taken or not; empty: it is not set.
  [[nodiscard]] std::optional<std::string> value(const std::string& name) const;

 private:
  std::map<std::string, util::Secret> kept_;
};

}  // namespace mailhaul::app
