// SPDX-License-Identifier: MIT
// The units of systemd that an administrator or user wrote or enabled, as files show them.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "setup/draft.h"

namespace mailhaul::setup {

/// A command that a service runs.
struct UnitCommand {
  std::string where;              ///< the timer that starts the service, otherwise the service
  std::string line;               ///< "/usr/bin/env mailhaul watch"
  std::chrono::seconds every{0};  ///< by the timer; 0: there is none, or its times are not understood
};

/// The commands of services below ~/.config/systemd/user and /etc/systemd, and of those that `systemctl
/// enable` has linked there, with their drop-ins. Leaves out services that run as another user.
std::vector<UnitCommand> commands_of_systemd(const Surroundings& around);

}  // namespace mailhaul::setup
