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

/// Completes the deliveries that an earlier run has begun, whatever is marked now.
void complete_deliveries(ReadOnlySession& read_only, const Environment& environment,
                         report::Listener& listener) {
  Notices notices(read_only.account.name, listener, read_only.store.told(read_only.mailbox));
  auto context = context_of(read_only.account, environment, read_only.store, read_only.mailbox);
  context.warn = [&notices](std::string_view sentence, std::string_view hint) {
    notices.warn_of_place(sentence, hint);
  };
  recover(read_only.store, read_only.mailbox, context, read_only.account.deliver);
}

/// The messages to mark, each once, in the order of the listing, and how many UIDs are not listed.
struct ChosenMessages {
  std::vector<std::size_t> indexes;
  std::size_t not_listed = 0;
};

ChosenMessages choose(const ReadOnlySession& read_only, std::span<const std::string> uids) {
  ChosenMessages chosen;
  std::map<std::string, bool> wanted;  // whether it is listed
  for (const auto& typed : uids) wanted.emplace(typed_uid(typed), false);
  for (std::size_t i = 0; i < read_only.listed.size(); ++i) {
    const auto found = uids.empty() ? wanted.end() : wanted.find(read_only.uid_of(i));
    if (found != wanted.end()) found->second = true;
    if (uids.empty() || found != wanted.end()) chosen.indexes.push_back(i);
  }
  chosen.not_listed =
      static_cast<std::size_t>(std::ranges::count_if(wanted, [](const auto& uid) { return !uid.second; }));
  return chosen;
}

/// Reads the header hashes that are missing. Without one, a message could not be recognised if the server
/// changed its UIDLs.
void read_hashes(ReadOnlySession& read_only, std::span<const std::size_t> indexes) {
  std::vector<std::size_t> without_hash;
  for (const auto i : indexes) {
    read_only.require_identity(i, "marked", "fetch instead: mailhaul then knows messages by their contents");
    if (read_only.identities[i].header || !read_only.session.capabilities().top) continue;
    without_hash.push_back(i);
    read_only.session.want({.number = read_only.listed[i].number, .bytes = 0, .header_only = true});
  }
  for (const auto i : without_hash) read_only.identities[i].header = header_of(read_only.session.next());
}

/// The row of a listed message as it is to be stored; a new row if there is none.
state::Row marked_row(ReadOnlySession& read_only, std::size_t index, std::optional<state::Row> known) {
  state::Row row = known ? std::move(*known) : state::Row{.id = read_only.store.next_row(read_only.mailbox)};
  row.suspect = false;
  row.failures = 0;
  row.uidl = read_only.listed[index].uidl;
  row.bytes = read_only.listed[index].bytes;
  if (read_only.identities[index].header) row.header = read_only.identities[index].header;
  row.ordinal = read_only.identities[index].ordinal;
  return row;
}

/// Reads the header fields that show the user whether the last marked message is mail that is here already.
void show_newest(ReadOnlySession& read_only, std::size_t index, Marked& marked) {
  if (!read_only.session.capabilities().top) return;
  read_only.session.want({.number = read_only.listed[index].number, .bytes = 0, .header_only = true});
  const auto header = read_header(read_only.session.next());
  marked.newest_date = header_field(header, "Date:");
  marked.newest_subject = header_field(header, "Subject:");
}

}  // namespace

Marked mark(const account::Account& account, const Environment& environment, report::Listener& listener,
            const Marking& marking) {
  ReadOnlySession read_only(account, environment, listener);
  read_only.mailbox = mailbox_in(read_only.store, account);
  complete_deliveries(read_only, environment, listener);
  const auto chosen = choose(read_only, marking.uids);
  read_hashes(read_only, chosen.indexes);
  state::Change change;
  std::optional<std::size_t> newest;
  for (const auto i : chosen.indexes) {
    const auto* summary = read_only.identities[i].row;
    auto row = summary != nullptr ? read_only.store.row(read_only.mailbox, summary->id) : std::nullopt;
    // Without UIDs on the command line, messages that were delivered or marked before stay what they are. A
    // message that the user names gets the new standing in any case.
    if (row && row->standing != state::Standing::pending && marking.uids.empty()) continue;
    change.rows.push_back(marked_row(read_only, i, std::move(row)));
    auto& stored = change.rows.back();
    stored.standing = marking.standing;
    if (marking.standing == state::Standing::seen) stored.delivered.reset();
    if (marking.standing == state::Standing::delivered) {
      stored.delivered = marking.delivered.value_or(environment.now());
      stored.due.reset();
    }
    change.without_landings.push_back(stored.id);
    newest = i;
  }
  read_only.store.commit(read_only.mailbox, change);
  std::vector<std::uint32_t> numbers;
  for (const auto i : chosen.indexes) numbers.push_back(read_only.listed[i].number);
  std::ranges::sort(numbers);
  note_listing(read_only, numbers, 0);
  Marked marked{.messages = change.rows.size(), .not_listed = chosen.not_listed};
  if (newest) show_newest(read_only, *newest, marked);
  read_only.leave();
  return marked;
}

}  // namespace mailhaul::engine
