// SPDX-License-Identifier: MIT
#include "app/commands.h"
#include "app/config_files.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/run.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

account::Layout layout_of(const Invocation& invocation) {
  return invocation.json ? account::Layout::one_line : account::Layout::indented;
}

}  // namespace

void describe_nothing(CLI::App& /*parser*/, Invocation& /*invocation*/) {}

int run_config_check(const Invocation& invocation) {
  const auto config = load_config(invocation);
  std::vector<int> statuses;
  for (const auto& account : config.accounts) {
    statuses.push_back(with_account(invocation, account, [&] {
      net::require_usable(account.server, account.auth);
      credentials::require_usable(account.secret);
      for (const auto& spec : account.deliver) delivery::require_usable(spec);
    }));
  }
  if (const int status = engine::most_serious(statuses); status != 0) return status;
  if (!invocation.quiet && !invocation.json) {
    print(config.file.native() + ": configuration OK, " + util::counted(config.accounts.size(), "account") +
          "\n");
  }
  return 0;
}

int run_config_show(const Invocation& invocation) {
  print(account::show(load_config(invocation), layout_of(invocation)));
  return 0;
}

int run_config_schema(const Invocation& invocation) {
  print(account::schema(layout_of(invocation)));
  return 0;
}

}  // namespace mailhaul::app
