// SPDX-License-Identifier: MIT
#include "engine/history.h"

#include <mutex>
#include <set>
#include <utility>

#include "engine/account_run.h"
#include "engine/mailbox.h"
#include "engine/recover.h"
#include "engine/uid.h"
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

/// The row's UID as shown. Where the server gave none, the header's hash; without that, the row's number.
std::string row_uid(const state::Store& store, state::MailboxId mailbox, const state::RowSummary& row) {
  if (!row.uidl.empty()) return util::escape_uid(row.uidl);
  const auto whole = store.row(mailbox, row.id);
  return whole && whole->header ? "sha256:" + util::hex(*whole->header) : "row:" + std::to_string(row.id);
}

struct ChosenRows {
  std::vector<state::RowId> rows;
  std::size_t missing = 0;  ///< UIDs that no row has
};

/// The rows with these UIDs; all rows if `uids` is empty.
ChosenRows rows_with(const state::Store& store, std::optional<state::MailboxId> mailbox,
                     std::span<const std::string> uids) {
  std::set<std::string> wanted;
  for (const auto& typed : uids) wanted.insert(typed_uid(typed));
  std::set<std::string> missing = wanted;
  ChosenRows chosen;
  const auto seen = mailbox ? store.rows(*mailbox) : state::MailboxRows();
  for (const auto& row : seen.rows()) {
    if (!uids.empty()) {
      const std::string uid = row_uid(store, *mailbox, row);
      if (!wanted.contains(uid)) continue;
      missing.erase(uid);
    }
    chosen.rows.push_back(row.id);
  }
  chosen.missing = missing.size();
  return chosen;
}

}  // namespace

std::vector<HistoryRow> history(const account::Account& account, const Environment& environment) {
  std::mutex writes;
  const state::Store store(environment.state_file, writes);
  const auto mailbox = find_mailbox(store, account);
  if (!mailbox) return {};
  const auto seen = store.rows(*mailbox);
  const auto landings = store.landings(*mailbox);
  std::vector<HistoryRow> rows;
  for (const auto& row : seen.rows()) {
    HistoryRow line{.uid = row_uid(store, *mailbox, row),
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

Forgotten forget(const account::Account& account, const Environment& environment,
                 std::span<const std::string> uids) {
  std::mutex writes;
  state::Store store(environment.state_file, writes);
  const auto lock = lock_mailbox(account::mailbox_of(account), store.file());
  const auto mailbox = find_mailbox(store, account);
  // If a place is missing, the user can only forget its messages: that must not depend on recovery.
  if (mailbox)
    recover_if_possible(store, *mailbox, context_of(account, environment, store, *mailbox), account.deliver);
  auto chosen = rows_with(store, mailbox, uids);
  const Forgotten forgotten{.messages = chosen.rows.size(), .not_recorded = chosen.missing};
  state::Change change;
  change.forgotten = std::move(chosen.rows);
  if (mailbox) store.commit(*mailbox, change);
  return forgotten;
}

}  // namespace mailhaul::engine
