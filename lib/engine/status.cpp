// SPDX-License-Identifier: MIT
#include "engine/status.h"

#include <filesystem>
#include <mutex>

#include "engine/last_run.h"
#include "engine/login.h"
#include "engine/mailbox.h"
#include "state/store.h"

namespace mailhaul::engine {

namespace {

AccountStatus status_in(const state::Store& store, const account::Account& account, state::Time now) {
  const auto mailbox = find_mailbox(store, account);
  if (!mailbox) return {};
  AccountStatus status{.run = last_run_of(store, *mailbox, account::mailbox_of(account))};
  if (status.run && status.run->ended == state::Time()) status.run.reset();  // all runs so far were stopped
  const auto server = store.server(*mailbox);
  if (server.not_before > now && !is_within_login_delay(server, now)) status.not_before = server.not_before;
  return status;
}

}  // namespace

std::vector<AccountStatus> statuses(std::span<const account::Account> accounts,
                                    const Environment& environment) {
  std::error_code unreadable;  // if it cannot be read, the store reports why
  if (std::filesystem::symlink_status(environment.state_file, unreadable).type() ==
      std::filesystem::file_type::not_found)
    return std::vector<AccountStatus>(accounts.size());
  std::mutex writes;
  const state::Store store(environment.state_file, writes);
  std::vector<AccountStatus> found;
  for (const auto& account : accounts) found.push_back(status_in(store, account, environment.now()));
  return found;
}

AccountStatus status(const account::Account& account, const Environment& environment) {
  return statuses({&account, 1}, environment).front();
}

}  // namespace mailhaul::engine
