// SPDX-License-Identifier: MIT
#include "engine/status.h"

#include <filesystem>
#include <mutex>

#include "engine/mailbox.h"
#include "state/store.h"

namespace mailhaul::engine {

AccountStatus status(const account::Account& account, const Environment& environment) {
  std::error_code unreadable;  // the store says better what is wrong
  if (std::filesystem::symlink_status(environment.state_file, unreadable).type() ==
      std::filesystem::file_type::not_found)
    return {};
  std::mutex writes;
  const state::Store store(environment.state_file, writes);
  const auto mailbox = find_mailbox(store, account);
  if (!mailbox) return {};
  AccountStatus status{.run = store.last_run(*mailbox), .not_before = store.server(*mailbox).not_before};
  if (status.not_before && *status.not_before <= environment.now()) status.not_before.reset();
  return status;
}

}  // namespace mailhaul::engine
