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
#include "util/ascii.h"
#include "util/escape.h"
#include "util/fd.h"

namespace mailhaul::engine {

namespace {

/// A run that is killed leaves at most one batch that is only in some of the places. A batch takes 2 seconds,
/// plus the time that one message takes.
constexpr std::chrono::minutes longest_batch{10};

/// The store, and the mailbox, which is locked.
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

using Times = std::vector<state::Time>;

/// The stored messages that have the same content.
struct Equals {
  util::Hash header{};
  std::map<std::string, Times> places;  ///< by target: the times of their deliveries
  [[nodiscard]] const Times& most() const {
    return std::ranges::max_element(places, {}, [](const auto& place) { return place.second.size(); })
        ->second;
  }
};
using Contents = std::map<util::Hash, Equals>;

struct StoredMail {
  Contents contents;
  state::Time last_run;  ///< when a run delivered something last, approximately
};

/// Whether the message was delivered by a mailhaul that knew the server under its old name.
bool came_from(const std::string& old_host, const delivery::RunContext& context,
               const delivery::StoredMessage& message) {
  return !old_host.empty() && is_of_another_database(context, message) &&
         util::lower(message.server) == util::lower(old_host);
}

StoredMail stored_mail_of(const account::Account& account, const delivery::RunContext& context,
                          const std::string& old_host) {
  Contents contents;
  state::Time newest{}, newest_of_ours{};
  for (const auto& place : account.deliver) {
    for_each_stored(
        place, context,
        [&](const auto& message) {
          return may_be_of(account, context, message) || came_from(old_host, context, message);
        },
        [&](const auto& message, const MessageHashes& hashes) {
          auto& equals = contents[hashes.content];
          equals.header = hashes.header;
          equals.places[delivery::describe(place)].push_back(message.time);
          auto& latest = message.id.empty() ? newest : newest_of_ours;
          latest = std::max(latest, message.time);
        });
  }
  for (auto& [content, equals] : contents)
    for (auto& [target, times] : equals.places) std::ranges::sort(times);
  // Other programs may have delivered mail since then. In an mbox without trace headers, it looks like ours.
  return {std::move(contents), newest_of_ours == state::Time() ? newest : newest_of_ours};
}

/// How many rows there are with each content.
std::map<util::Hash, std::size_t> recorded_contents(const OpenMailbox& open) {
  std::map<util::Hash, std::size_t> recorded;
  const auto rows = open.store.rows(open.mailbox);
  for (const auto& summary : rows.rows()) {
    const auto row = open.store.row(open.mailbox, summary.id);
    if (row && row->content) ++recorded[*row->content];
  }
  return recorded;
}

/// The places that have the copy of this number, counted from 0.
std::vector<std::string> places_with(const Equals& equals, std::size_t number) {
  std::vector<std::string> targets;
  for (const auto& [target, times] : equals.places)
    if (number < times.size()) targets.push_back(target);
  return targets;
}

}  // namespace

Rebuilt rebuild(const account::Account& account, const Environment& environment,
                const std::string& old_host) {
  require_readable(account);
  OpenMailbox open(account, environment);
  const auto [contents, last_run] = stored_mail_of(account, open.context, old_host);
  const auto unsettled_since = last_run - longest_batch;
  auto recorded = recorded_contents(open);
  Rebuilt rebuilt;
  state::Change change;
  const auto now = environment.now();
  for (const auto& [content, equals] : contents) {
    const auto& times = equals.most();  // what is in several places is one message
    rebuilt.read += times.size();
    for (auto i = recorded[content]; i < times.size(); ++i) {
      state::Row row{.id = open.store.next_row(open.mailbox), .header = equals.header, .content = content};
      const auto have_it = places_with(equals, i);
      const bool everywhere = have_it.size() == account.deliver.size();
      if (everywhere || times[i] < unsettled_since) {
        row.standing = state::Standing::delivered;
        row.delivered = std::min(times[i], now);
        ++rebuilt.recorded;
      } else {
        for (const auto& target : have_it)
          change.landings.push_back(
              {.row = row.id, .target = target, .ticket = {}, .state = state::LandingState::delivered});
        ++rebuilt.unfinished;
      }
      change.rows.push_back(std::move(row));
    }
  }
  open.store.commit(open.mailbox, change);
  return rebuilt;
}

Verified verify(const account::Account& account, const Environment& environment) {
  require_readable(account);
  const OpenMailbox open(account, environment);
  std::set<util::Hash> contents;
  std::map<util::Hash, std::vector<std::string>> places;  // by header hash, for mail that mailhaul delivered
  for (const auto& place : account.deliver) {
    for_each_stored(
        place, open.context,
        [&](const auto& message) {  // mail that `rebuild` has read may bear the server's old name
          return may_be_of(account, open.context, message) || is_of_another_database(open.context, message);
        },
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
