// SPDX-License-Identifier: MIT
// What the seen store remembers of a mailbox, and forgetting it. No network.
#include <algorithm>
#include <mutex>
#include <set>

#include "engine/account_run.h"
#include "engine/glance.h"
#include "engine/mailbox.h"
#include "util/escape.h"

namespace mailhaul::engine {

namespace {

std::string_view name_of(state::Standing standing) {
  switch (standing) {
    case state::Standing::pending:
      return "pending";
    case state::Standing::seen:
      return "seen";
    case state::Standing::delivered:
      return "delivered";
    case state::Standing::gone:
      return "gone";
  }
  return {};
}

std::string_view name_of(state::LandingState landing) {
  switch (landing) {
    case state::LandingState::intent:
      return "intent";
    case state::LandingState::tried:
      return "tried";
    case state::LandingState::delivered:
      return "delivered";
    case state::LandingState::doubt:
      return "doubt";
  }
  return {};
}

std::string uid_of(const state::Store& store, state::MailboxId mailbox, const state::RowSummary& row) {
  if (!row.uidl.empty()) return util::escape_uid(row.uidl);
  const auto whole = store.row(mailbox, row.id);
  return whole && whole->header ? "sha256:" + util::hex(*whole->header) : "row:" + std::to_string(row.id);
}

/// What a dead run left half done is completed first; where its place is gone, forgetting is the way out.
void complete_deliveries(const account::Account& account, const Environment& environment,
                         state::Store& store) {
  report::Listener nobody;
  AccountRun run(account, environment, nobody, store);
  try {
    recover(run);
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::storage) throw;
  }
}

std::optional<state::MailboxId> find(const state::Store& store, const account::Account& account) {
  const auto key = account::mailbox_of(account);
  return store.find_mailbox(key.user, key.host, key.port);
}

}  // namespace

std::vector<Remembered> remembered(const account::Account& account, const Environment& environment) {
  std::mutex writes;
  const state::Store store(environment.state_file, writes);
  const auto mailbox = find(store, account);
  if (!mailbox) return {};
  const auto seen = store.rows(*mailbox);
  const auto landings = store.landings(*mailbox);
  std::vector<Remembered> rows;
  for (const auto& row : seen.rows()) {
    Remembered line{.uid = uid_of(store, *mailbox, row),
                    .standing = name_of(row.standing),
                    .bytes = row.bytes,
                    .delivered = row.delivered,
                    .due = row.due,
                    .open_landings = {}};
    for (const auto& landing : landings) {
      if (landing.row == row.id)
        line.open_landings.push_back(landing.target + " (" + std::string(name_of(landing.state)) + ")");
    }
    rows.push_back(std::move(line));
  }
  return rows;
}

std::size_t forget(const account::Account& account, const Environment& environment,
                   std::span<const std::string> uids) {
  std::mutex writes;
  state::Store store(environment.state_file, writes);
  const auto lock = lock_mailbox(account::mailbox_of(account), store.file());
  const auto mailbox = find(store, account);
  if (mailbox) complete_deliveries(account, environment, store);
  state::Change change;
  std::set<std::string> wanted;
  for (const auto& typed : uids) {
    const auto bytes = util::unescape_uid(typed);
    wanted.insert(util::escape_uid(bytes ? *bytes : typed));
  }
  std::set<std::string> missing = wanted;
  if (mailbox) {
    const auto seen = store.rows(*mailbox);
    for (const auto& row : seen.rows()) {
      const std::string uid = uids.empty() ? std::string() : uid_of(store, *mailbox, row);
      if (!uids.empty() && !wanted.contains(uid)) continue;
      change.forgotten.push_back(row.id);
      missing.erase(uid);
    }
  }
  if (!missing.empty()) {
    throw util::Error(
        util::Kind::usage,
        "nothing is remembered of the UID " + util::escape(*missing.begin()) + " in account " + account.name,
        "mailhaul state show " + account.name + " shows what is");
  }
  if (mailbox) store.commit(*mailbox, change);
  return change.forgotten.size();
}

}  // namespace mailhaul::engine
