// SPDX-License-Identifier: MIT
#include "engine/rebuild.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "engine/account_run.h"
#include "engine/mailbox.h"
#include "engine/stored_hashes.h"
#include "util/escape.h"
#include "util/fd.h"

namespace mailhaul::engine {

namespace {

/// The store, and the mailbox, locked.
struct OpenMailbox {
  OpenMailbox(const account::Account& account, const Environment& environment)
      : store(environment.state_file, writes),
        lock(lock_mailbox(account::mailbox_of(account), store.file())),
        mailbox(mailbox_in(store, account)),
        context(context_of(account, environment, store, mailbox)) {}
  std::mutex writes;
  state::Store store;
  util::Fd lock;
  state::MailboxId mailbox;
  delivery::RunContext context;
};

void require_readable(const account::Account& account) {
  if (can_be_read(account)) return;
  throw util::Error(util::Kind::usage,
                    "account " + account.name +
                        " delivers neither to a Maildir nor to an mbox, where its "
                        "mail could be read",
                    "mailhaul state mark-delivered " + account.name + " marks messages on the server");
}

/// Messages of one content.
struct Equals {
  util::Hash header{};
  std::vector<state::Time> times;  ///< of their deliveries
};
using Contents = std::map<util::Hash, Equals>;

Contents contents_of(const delivery::Spec& place, const account::Account& account,
                     const delivery::RunContext& context) {
  Contents contents;
  for_each_stored(
      place, context, [&](const auto& message) { return may_be_of(account, context, message); },
      [&](const auto& message, const MessageHashes& hashes) {
        auto& equals = contents[hashes.content];
        equals.header = hashes.header;
        equals.times.push_back(message.time);
      });
  return contents;
}

/// How many rows there are of each content.
std::map<util::Hash, std::size_t> recorded_contents(const OpenMailbox& open) {
  std::map<util::Hash, std::size_t> recorded;
  const auto rows = open.store.rows(open.mailbox);
  for (const auto& summary : rows.rows()) {
    const auto row = open.store.row(open.mailbox, summary.id);
    if (row && row->content) ++recorded[*row->content];
  }
  return recorded;
}

}  // namespace

Rebuilt rebuild(const account::Account& account, const Environment& environment) {
  require_readable(account);
  OpenMailbox open(account, environment);
  Contents all;  // in several places there are copies of one message: the most copies count
  Rebuilt rebuilt;
  for (const auto& place : account.deliver) {
    for (auto& [content, equals] : contents_of(place, account, open.context)) {
      auto& most = all[content];
      if (equals.times.size() > most.times.size()) most = std::move(equals);
    }
  }
  auto recorded = recorded_contents(open);
  state::Change change;
  const auto now = environment.now();
  for (const auto& [content, equals] : all) {
    rebuilt.read += equals.times.size();
    for (auto i = recorded[content]; i < equals.times.size(); ++i)
      change.rows.push_back({.id = open.store.next_row(open.mailbox),
                             .standing = state::Standing::delivered,
                             .header = equals.header,
                             .content = content,
                             .delivered = std::min(equals.times[i], now)});
  }
  open.store.commit(open.mailbox, change);
  rebuilt.recorded = change.rows.size();
  return rebuilt;
}

Verified verify(const account::Account& account, const Environment& environment) {
  require_readable(account);
  const OpenMailbox open(account, environment);
  std::set<util::Hash> contents;
  std::map<util::Hash, std::vector<std::string>> places;  // by the header, of mail that mailhaul delivered
  for (const auto& place : account.deliver) {
    for_each_stored(
        place, open.context, [&](const auto& message) { return may_be_of(account, open.context, message); },
        [&](const auto& message, const MessageHashes& hashes) {
          contents.insert(hashes.content);
          if (!message.id.empty()) places[hashes.header].push_back(message.where);
        });
  }
  Verified verified;
  const auto rows = open.store.rows(open.mailbox);
  for (const auto& summary : rows.rows()) {
    const auto row = open.store.row(open.mailbox, summary.id);
    if (!row || !row->delivered || !row->content || row->standing == state::Standing::seen) continue;
    if (contents.contains(*row->content)) {
      ++verified.unchanged;
    } else if (const auto same = row->header ? places.find(*row->header) : places.end();
               same != places.end()) {
      verified.changed.push_back({util::escape_uid(row->uidl), same->second.front()});
    } else {
      ++verified.missing;
    }
  }
  return verified;
}

}  // namespace mailhaul::engine
