// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// The first line of what a program prints, started without a shell, within 60 s. `key` names it in errors.
/// Throws Error{config | temporary (it failed) | cancelled}.
[[nodiscard]] util::Secret secret_from_command(std::string_view key, const std::vector<std::string>& argv,
                                               const util::Cancel& cancel);

}  // namespace mailhaul::credentials
