// SPDX-License-Identifier: MIT
#include "engine/lost_state.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "engine/identity.h"
#include "engine/stored_hashes.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::engine {

namespace {

using Headers = std::set<util::Hash>;

/// The headers of mail that a mailhaul with another database has delivered.
struct OfOthers {
  Headers here;                              ///< perhaps from this mailbox
  std::map<std::string, Headers> elsewhere;  ///< by the other host that it came from
  [[nodiscard]] bool empty() const { return here.empty() && elsewhere.empty(); }
};

OfOthers headers_of_others(const UnknownMailbox& unknown) {
  OfOthers others;
  const auto& account = unknown.account;
  const auto& context = unknown.context;
  for (const auto& place : account.deliver) {
    for_each_stored(
        place, context, [&](const auto& message) { return is_of_another_database(context, message); },
        [&](const auto& message, const MessageHashes& hashes) {
          const bool is_here = may_be_of(account, context, message);
          (is_here ? others.here : others.elsewhere[util::lower(message.server)]).insert(hashes.header);
        });
  }
  return others;
}

/// The headers of the listed messages, as far as they can be read. Empty: none of them can.
std::vector<util::Hash> listed_headers(pop3::Session& session, std::span<const pop3::Listed> listed) {
  std::vector<util::Hash> headers;
  if (!session.capabilities().top) return headers;
  for (const auto& message : listed)
    session.want({.number = message.number, .bytes = 0, .header_only = true});
  for (std::size_t i = 0; i < listed.size(); ++i)
    if (const auto header = header_of(session.next())) headers.push_back(*header);
  return headers;
}

std::size_t count_in(const Headers& known, const std::vector<util::Hash>& listed) {
  const auto is_known = [&known](const util::Hash& header) { return known.contains(header); };
  return static_cast<std::size_t>(std::ranges::count_if(listed, is_known));
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

/// Where UIDs are small numbers, a few messages may have the same UID and size by accident.
void require_no_other_name(const UnknownMailbox& unknown, std::span<const pop3::Listed> listed) {
  constexpr std::size_t enough = 3, one_in = 100;
  for (const auto& other : unknown.store.mailboxes()) {
    if (other.user != unknown.account.user || other.id == unknown.mailbox) continue;
    const auto known = count_known(unknown.store, other.id, listed);
    const bool may_be_accident = known < enough || known * one_in < listed.size();
    if (known == 0 || (may_be_accident && known * 2 < listed.size())) continue;
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

/// Stops the fetch: so many of the listed messages are here already.
[[noreturn]] void refuse_to_double(const UnknownMailbox& unknown, std::size_t here, std::size_t listed,
                                   const std::string& host) {
  const auto& name = unknown.account.name;
  const auto shown = util::escape(host);
  const std::string rebuild =
      "mailhaul state rebuild " + (host.empty() ? "" : "--was " + util::shell_word(shown) + " ") + name;
  throw util::Error(
      util::Kind::storage,
      "nothing is recorded about this mailbox, but " + std::to_string(here) + " of its " +
          util::counted(listed, "message") + " were delivered here by mailhaul with another state database" +
          (host.empty() ? "" : ", from " + shown) + "; nothing is fetched, so that nothing arrives twice",
      (host.empty() ? "bring the old database back, or: " + rebuild
                    : "if that is this server's old name: " + rebuild) +
          "; to fetch all of it again: mailhaul -a " + name);
}

}  // namespace

void require_no_lost_state(const UnknownMailbox& unknown, pop3::Session& session,
                           std::span<const pop3::Listed> listed) {
  if (listed.empty() || unknown.account.policy.fetch_all) return;
  require_no_other_name(unknown, listed);
  const auto others = headers_of_others(unknown);
  if (others.empty()) return;
  const auto headers = listed_headers(session, listed);
  const auto here = headers.empty() && !others.here.empty() ? listed.size() : count_in(others.here, headers);
  if (here != 0) refuse_to_double(unknown, here, listed.size(), {});
  // Two servers may have some messages in common, such as those of a mailing list.
  for (const auto& [host, known] : others.elsewhere) {
    const auto from_there = count_in(known, headers);
    if (from_there != 0 && from_there * 2 >= listed.size())
      refuse_to_double(unknown, from_there, listed.size(), host);
  }
}

}  // namespace mailhaul::engine
