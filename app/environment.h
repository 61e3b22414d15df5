// SPDX-License-Identifier: MIT
#pragma once
#include <vector>

#include "account/account.h"
#include "app/invocation.h"
#include "engine/run.h"
#include "setup/draft.h"

namespace mailhaul::app {

/// The real network, disk and clock. Asks for all passwords that have to be typed, one after the other.
engine::Environment real_environment(const Invocation& invocation, const account::Config& config,
                                     const std::vector<account::Account>& accounts);

/// The login name of the user that the program runs as.
std::string user_name();

/// What importers, doctor and init may know of the world outside. `invocation.variables` must outlive it.
setup::Surroundings surroundings(const Invocation& invocation);

}  // namespace mailhaul::app
