// SPDX-License-Identifier: MIT
#include "app/secret_variables.h"

#include <cstdlib>

namespace mailhaul::app {

void SecretVariables::take(std::span<const std::string> names) {
  for (const auto& name : names) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody else reads it now
    if (value == nullptr) continue;
    kept_.insert_or_assign(name, util::Secret(value));
    ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): the same
  }
}

std::optional<std::string> SecretVariables::value(const std::string& name) const {
  if (const auto kept = kept_.find(name); kept != kept_.end()) return std::string(kept->second.reveal());
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody writes it now
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace mailhaul::app
