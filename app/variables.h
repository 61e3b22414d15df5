// SPDX-License-Identifier: MIT
// The environment variables that stand for options of the command line.
#pragma once
#include "app/invocation.h"

namespace mailhaul::app {

/// Reads MAILHAUL_STATE, MAILHAUL_QUIET and the like into `invocation`, before the command line is read,
/// whose options replace them. An empty variable counts as one that is not set. Throws Error{usage} that
/// names the variable. ($MAILHAUL_CONFIG is read where the file is looked for.)
void read_variables(Invocation& invocation);

/// The words of --progress and --color, and the numbers of --jobs; nothing: none of them.
std::optional<AutoSwitch> read_switch(const std::string& text);
std::optional<unsigned> read_jobs(const std::string& text);

}  // namespace mailhaul::app
