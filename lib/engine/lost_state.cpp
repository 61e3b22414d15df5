// SPDX-License-Identifier: MIT
#include "engine/lost_state.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/identity.h"
#include "engine/stored_hashes.h"
#include "util/units.h"

namespace mailhaul::engine {

namespace {

/// The headers of mail that a mailhaul with another database has delivered, perhaps from this mailbox.
std::set<util::Hash> headers_of_others(const UnknownMailbox& unknown) {
  std::set<util::Hash> headers;
  const auto is_of_another_database = [&unknown](const delivery::StoredMessage& message) {
    const auto parts = delivery::parts_of_id(message.id);
    return parts && parts->instance != unknown.context.instance &&
           may_be_of(unknown.account, unknown.context, message);
  };
  for (const auto& place : unknown.account.deliver) {
    for_each_stored(place, unknown.context, is_of_another_database,
                    [&](const auto&, const MessageHashes& hashes) { headers.insert(hashes.header); });
  }
  return headers;
}

/// How many of the listed messages have one of these headers. All of them, where headers cannot be read.
std::size_t count_listed(pop3::Session& session, std::span<const pop3::Listed> listed,
                         const std::set<util::Hash>& headers) {
  if (!session.capabilities().top) return listed.size();
  for (const auto& message : listed)
    session.want({.number = message.number, .bytes = 0, .header_only = true});
  std::size_t found = 0, read = 0;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const auto header = header_of(session.next());
    if (header) ++read;
    if (header && headers.contains(*header)) ++found;
  }
  return read == 0 ? listed.size() : found;
}

/// How many of the listed messages this mailbox has under the same UIDs, and with the same sizes.
std::size_t count_known(const state::Store& store, state::MailboxId mailbox,
                        std::span<const pop3::Listed> listed) {
  std::map<std::string_view, std::uint64_t> sizes;
  for (const auto& message : listed)
    if (!message.uidl.empty()) sizes.emplace(message.uidl, message.bytes);
  std::size_t known = 0;
  const auto rows = store.rows(mailbox);
  for (const auto& row : rows.rows()) {
    const auto found = sizes.find(row.uidl);
    if (found != sizes.end() && found->second == row.bytes) ++known;
  }
  return known;
}

void require_no_other_name(const UnknownMailbox& unknown, std::span<const pop3::Listed> listed) {
  for (const auto& other : unknown.store.mailboxes()) {
    if (other.user != unknown.account.user || other.id == unknown.mailbox) continue;
    const auto known = count_known(unknown.store, other.id, listed);
    if (known == 0 || known * 2 < listed.size()) continue;
    const auto port = other.port == 0 ? "" : ":" + std::to_string(other.port);
    throw util::Error(util::Kind::storage,
                      "nothing is recorded about this mailbox, but " + std::to_string(known) + " of its " +
                          util::counted(listed.size(), "message") + " are known from the same user at " +
                          other.host + port + "; nothing is fetched, so that nothing arrives twice",
                      "if the server has a new name: mailhaul state move " + other.host + port + " " +
                          unknown.account.name + "; to fetch all of it again: mailhaul -a " +
                          unknown.account.name);
  }
}

}  // namespace

void require_no_lost_state(const UnknownMailbox& unknown, pop3::Session& session,
                           std::span<const pop3::Listed> listed) {
  if (listed.empty() || unknown.account.policy.fetch_all) return;
  require_no_other_name(unknown, listed);
  const auto headers = headers_of_others(unknown);
  if (headers.empty()) return;
  const auto here = count_listed(session, listed, headers);
  if (here == 0) return;
  throw util::Error(util::Kind::storage,
                    "nothing is recorded about this mailbox, but " + std::to_string(here) + " of its " +
                        util::counted(listed.size(), "message") +
                        " were delivered here by mailhaul with another state database; nothing is fetched, "
                        "so that nothing arrives twice",
                    "bring the old database back, or: mailhaul state rebuild " + unknown.account.name +
                        "; to fetch all of it again: mailhaul -a " + unknown.account.name);
}

}  // namespace mailhaul::engine
