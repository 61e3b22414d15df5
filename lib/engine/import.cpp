// SPDX-License-Identifier: MIT
#include "engine/import.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <string_view>

#include "engine/mailbox.h"
#include "state/store.h"

namespace mailhaul::engine {

std::size_t import_delivered(const account::Account& account, const Environment& environment,
                             std::span<const ImportedMessage> messages) {
  std::mutex writes;
  state::Store store(environment.state_file, writes);
  const auto lock = lock_mailbox(account::mailbox_of(account), store.file());
  const auto mailbox = mailbox_in(store, account);
  const auto known = store.rows(mailbox);
  std::set<std::string_view> uids;
  for (const auto& row : known.rows()) uids.insert(row.uidl);
  const auto now = environment.now();
  state::Change change;
  for (const auto& message : messages) {
    if (message.uid.empty() || !uids.insert(message.uid).second) continue;
    change.rows.push_back({.id = store.next_row(mailbox),
                           .standing = state::Standing::delivered,
                           .uidl = message.uid,
                           .delivered = std::min(message.fetched.value_or(now), now)});
  }
  store.commit(mailbox, change);
  return change.rows.size();
}

}  // namespace mailhaul::engine
