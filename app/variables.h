// SPDX-License-Identifier: MIT
// The environment variables that stand for options of the command line.
#pragma once
#include "app/invocation.h"

namespace mailhaul::app {

/// Reads MAILHAUL_STATE, MAILHAUL_QUIET and the like into `invocation`. Call it before the command line is
/// read, because options override variables. An empty variable counts as not set. Throws Error{usage} that
/// names the variable. ($MAILHAUL_CONFIG is read where the configuration file is searched for.)
void read_variables(Invocation& invocation);

/// Read a value of --progress or --color, or of --jobs. Empty: it is not a valid value.
std::optional<AutoSwitch> read_switch(const std::string& text);
std::optional<unsigned> read_jobs(const std::string& text);

}  // namespace mailhaul::app
