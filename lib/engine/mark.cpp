// SPDX-License-Identifier: MIT
#include "engine/mark.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "engine/account_run.h"
#include "engine/header_field.h"
#include "engine/last_run.h"
#include "engine/mailbox.h"
#include "engine/notices.h"
#include "engine/read_only_session.h"
#include "engine/recover.h"
#include "engine/uid.h"

namespace mailhaul::engine {

namespace {

/// What an earlier run has published is delivered, whatever is marked now.
void complete_deliveries(ReadOnlySession& look, const Environment& environment, report::Listener& listener) {
  Notices notices(look.account.name, listener, look.store.told(look.mailbox));
  auto context = context_of(look.account, environment, look.store, look.mailbox);
  context.warn = [&notices](std::string_view sentence, std::string_view hint) {
    notices.warn_of_place(sentence, hint);
  };
  recover(look.store, look.mailbox, context, look.account.deliver);
}

/// The messages to mark, each once, in the order of the listing, and how many UIDs are not listed.
struct Chosen {
  std::vector<std::size_t> indexes;
  std::size_t not_listed = 0;
};

Chosen choose(const ReadOnlySession& look, std::span<const std::string> uids) {
  Chosen chosen;
  std::map<std::string, bool> wanted;  // whether it is listed
  for (const auto& typed : uids) wanted.emplace(typed_uid(typed), false);
  for (std::size_t i = 0; i < look.listed.size(); ++i) {
    const auto found = uids.empty() ? wanted.end() : wanted.find(look.uid_of(i));
    if (found != wanted.end()) found->second = true;
    if (uids.empty() || found != wanted.end()) chosen.indexes.push_back(i);
  }
  chosen.not_listed =
      static_cast<std::size_t>(std::ranges::count_if(wanted, [](const auto& uid) { return !uid.second; }));
  return chosen;
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
state::Row marked_row(ReadOnlySession& look, std::size_t index, std::optional<state::Row> known) {
  state::Row row = known ? std::move(*known) : state::Row{.id = look.store.next_row(look.mailbox)};
  row.suspect = false;
  row.failures = 0;
  row.uidl = look.listed[index].uidl;
  row.bytes = look.listed[index].bytes;
  if (look.identities[index].header) row.header = look.identities[index].header;
  row.ordinal = look.identities[index].ordinal;
  return row;
}

/// What tells a person whether the last one marked is mail that he has.
void show_newest(ReadOnlySession& look, std::size_t index, Marked& marked) {
  if (!look.session.capabilities().top) return;
  look.session.want({.number = look.listed[index].number, .bytes = 0, .header_only = true});
  const auto header = read_header(look.session.next());
  marked.newest_date = header_field(header, "Date:");
  marked.newest_subject = header_field(header, "Subject:");
}

}  // namespace

Marked mark(const account::Account& account, const Environment& environment, report::Listener& listener,
            const Marking& marking) {
  ReadOnlySession look(account, environment, listener);
  look.mailbox = mailbox_in(look.store, account);
  complete_deliveries(look, environment, listener);
  const auto chosen = choose(look, marking.uids);
  read_hashes(look, chosen.indexes);
  state::Change change;
  std::optional<std::size_t> newest;
  for (const auto i : chosen.indexes) {
    const auto* summary = look.identities[i].row;
    auto row = summary != nullptr ? look.store.row(look.mailbox, summary->id) : std::nullopt;
    // Without UIDs on the command line, delivered messages are still removed as before, and what was marked
    // as seen is kept. A message that the user names becomes what he says.
    if (row && row->standing != state::Standing::pending && marking.uids.empty()) continue;
    change.rows.push_back(marked_row(look, i, std::move(row)));
    auto& stored = change.rows.back();
    stored.standing = marking.standing;
    if (marking.standing == state::Standing::seen) stored.delivered.reset();
    if (marking.standing == state::Standing::delivered) {
      stored.delivered = marking.delivered.value_or(environment.now());
      stored.due.reset();
    }
    change.settled.push_back(stored.id);
    newest = i;
  }
  look.store.commit(look.mailbox, change);
  std::vector<std::uint32_t> numbers;
  for (const auto i : chosen.indexes) numbers.push_back(look.listed[i].number);
  std::ranges::sort(numbers);
  note_listing(look, numbers, 0);
  Marked marked{.messages = change.rows.size(), .not_listed = chosen.not_listed};
  if (newest) show_newest(look, *newest, marked);
  look.leave();
  return marked;
}

}  // namespace mailhaul::engine
