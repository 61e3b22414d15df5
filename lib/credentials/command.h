// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// Runs a program without a shell, for 60 s at most, and returns the first line of its output. `key` names
/// the program in errors. Throws Error{config | temporary (it failed) | os | cancelled}.
[[nodiscard]] util::Secret secret_from_command(std::string_view key, const std::vector<std::string>& argv,
                                               const util::Cancel& cancel);

/// The first line of a text, without its end.
[[nodiscard]] util::Secret first_line(const util::Secret& text);

}  // namespace mailhaul::credentials
