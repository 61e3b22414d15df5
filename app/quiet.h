// SPDX-License-Identifier: MIT
// Lasting trouble that the database cannot remember. With -q, as under cron, it is reported when it begins
// and then once a day. Each kind of trouble of each account has a file of its own beside the database.
#pragma once
#include <functional>
#include <vector>

#include "account/config.h"
#include "app/invocation.h"
#include "engine/environment.h"
#include "report/listener.h"

namespace mailhaul::app {

/// Does `work`, which reads the configuration. With -q, an error of the whole configuration is caught here
/// and reported once a day; all other errors pass through. Returns the exit status.
int with_config_trouble(const Invocation& invocation, const std::function<int()>& work);

/// As tell_mistakes(), but with -q a mistake is skipped if it was reported less than a day ago. Returns the
/// status of each mistake.
std::vector<int> tell_mistakes_of_run(const Invocation& invocation, const account::Config& config,
                                      report::Listener& listener);

/// What an Environment needs to remember trouble with the database.
engine::TroubleElsewhere trouble_beside(const util::Path& state_file);

}  // namespace mailhaul::app
