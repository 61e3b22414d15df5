// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/commands.h"

namespace mailhaul::app {

namespace {

account::Layout layout_of(const Call& call) {
  return call.json ? account::Layout::one_line : account::Layout::indented;
}

}  // namespace

void describe_nothing(CLI::App& /*parser*/, Call& /*call*/) {}

int run_config_check(const Call& call) {
  const auto config = load_config(call);
  std::vector<int> statuses;
  for (const auto& account : config.accounts) {
    statuses.push_back(with_account(call, account, [&] {
      net::require_usable(account.server, account.auth);
      credentials::require_usable(account.secret);
      for (const auto& spec : account.deliver) delivery::require_usable(spec);
    }));
  }
  if (const int status = engine::most_serious(statuses); status != 0) return status;
  if (!call.quiet && !call.json) {
    print(config.file.native() + ": all is well; accounts: " + std::to_string(config.accounts.size()) + "\n");
  }
  return 0;
}

int run_config_show(const Call& call) {
  print(account::show(load_config(call), layout_of(call)));
  return 0;
}

int run_config_schema(const Call& call) {
  print(account::schema(layout_of(call)));
  return 0;
}

}  // namespace mailhaul::app
