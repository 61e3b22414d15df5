// SPDX-License-Identifier: MIT
#include "engine/mark.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/account_run.h"
#include "engine/mailbox.h"
#include "engine/notices.h"
#include "engine/read_only_session.h"
#include "engine/recover.h"

namespace mailhaul::engine {

namespace {

/// What an earlier run has published is delivered, whatever is marked now.
void complete_deliveries(ReadOnlySession& look, const Environment& environment, report::Listener& listener) {
  Notices notices(look.account.name, listener, look.store.told(look.mailbox));
  auto context = context_of(look.account, environment, look.store, look.mailbox);
  context.warn = [&notices](std::string_view sentence, std::string_view hint) {
    notices.warn_of_place(sentence, hint);
  };
  recover(look.store, look.mailbox, context);
}

/// The indexes of the messages to mark, each once, in the order of the listing.
std::vector<std::size_t> indexes_to_mark(const ReadOnlySession& look, std::span<const std::string> uids) {
  if (uids.empty()) {
    std::vector<std::size_t> all(look.listed.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }
  auto indexes = look.indexes_of(uids);
  std::ranges::sort(indexes);
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
  return indexes;
}

/// Reads the header hashes that are missing. Without one, a message could not be recognised if the server
/// changed its UIDLs.
void read_hashes(ReadOnlySession& look, std::span<const std::size_t> indexes) {
  std::vector<std::size_t> without_hash;
  for (const auto i : indexes) {
    if (look.identities[i].by_content) {
      throw util::Error(util::Kind::unavailable,
                        "messages cannot be marked: the server has neither UIDL nor TOP to tell them apart",
                        "fetch them instead: mailhaul then knows them by their contents");
    }
    if (look.identities[i].header || !look.session.capabilities().top) continue;
    without_hash.push_back(i);
    look.session.want({.number = look.listed[i].number, .bytes = 0, .header_only = true});
  }
  for (const auto i : without_hash) look.identities[i].header = header_of(look.session.next());
}

/// The row of a listed message as it is to be stored; made anew where there is none.
state::Row seen_row(ReadOnlySession& look, std::size_t index, std::optional<state::Row> known) {
  state::Row row = known ? std::move(*known) : state::Row{.id = look.store.next_row(look.mailbox)};
  row.standing = state::Standing::seen;
  row.suspect = false;
  row.failures = 0;
  row.uidl = look.listed[index].uidl;
  row.bytes = look.listed[index].bytes;
  if (look.identities[index].header) row.header = look.identities[index].header;
  row.ordinal = look.identities[index].ordinal;
  return row;
}

}  // namespace

std::size_t mark_seen(const account::Account& account, const Environment& environment,
                      report::Listener& listener, std::span<const std::string> uids) {
  ReadOnlySession look(account, environment, listener);
  look.mailbox = mailbox_in(look.store, account);
  complete_deliveries(look, environment, listener);
  const auto indexes = indexes_to_mark(look, uids);
  read_hashes(look, indexes);
  state::Change change;
  for (const auto i : indexes) {
    const auto* summary = look.identities[i].row;
    auto row = summary != nullptr ? look.store.row(look.mailbox, summary->id) : std::nullopt;
    // Without UIDs on the command line, delivered messages are still removed as before. A message that the
    // user names is kept.
    if (row && row->standing != state::Standing::pending && uids.empty()) continue;
    change.rows.push_back(seen_row(look, i, std::move(row)));
    change.settled.push_back(change.rows.back().id);
  }
  look.store.commit(look.mailbox, change);
  look.leave();
  return change.rows.size();
}

}  // namespace mailhaul::engine
