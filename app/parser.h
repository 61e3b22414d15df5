// SPDX-License-Identifier: MIT
// Makes the option parser from the tables of commands and keys, and runs the command.
#pragma once
#include <string>
#include <vector>

#include "app/invocation.h"

namespace mailhaul::app {

/// Reads what was typed into `invocation` and runs the command; returns the exit status. Throws Error.
int dispatch(const std::vector<std::string>& typed, Invocation& invocation);

}  // namespace mailhaul::app
