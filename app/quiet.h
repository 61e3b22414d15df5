// SPDX-License-Identifier: MIT
// Lasting trouble that the database cannot remember: what -q, under cron, tells when it begins and then once
// a day. Each kind of trouble of each account has a file of its own beside the database.
#pragma once
#include <functional>
#include <vector>

#include "account/config.h"
#include "app/invocation.h"
#include "engine/environment.h"
#include "report/listener.h"

namespace mailhaul::app {

/// The net for what is wrong with the whole configuration, which `work` reads: with -q it is told once a day.
/// Without -q, and for all else, errors pass through. Returns the exit status.
int with_config_trouble(const Invocation& invocation, const std::function<int()>& work);

/// As tell_mistakes(), but with -q only what was not told less than a day ago. Returns the status of each.
std::vector<int> tell_mistakes_of_run(const Invocation& invocation, const account::Config& config,
                                      report::Listener& listener);

/// What an Environment needs to remember trouble with the database.
engine::TroubleElsewhere trouble_beside(const util::Path& state_file);

}  // namespace mailhaul::app
