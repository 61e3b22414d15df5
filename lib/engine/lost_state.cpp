// SPDX-License-Identifier: MIT
#include "engine/lost_state.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
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
  std::map<std::string, Headers> elsewhere;  ///< by the other host that the mail came from
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

using Namesakes = std::vector<state::Store::Mailbox>;

/// Mailboxes of the same user at other hosts, of which something is recorded.
Namesakes namesakes_of(const UnknownMailbox& unknown) {
  auto mailboxes = unknown.store.mailboxes();
  std::erase_if(mailboxes, [&](const auto& other) {
    return other.user != unknown.account.user || other.id == unknown.mailbox ||
           unknown.store.row_count_at_most(other.id) == 0;
  });
  return mailboxes;
}

/// Stops the fetch. `known` says in words how many of the messages are known from `other`.
[[noreturn]] void refuse_other_name(const UnknownMailbox& unknown, const state::Store::Mailbox& other,
                                    const std::string& known) {
  const auto where = other.host + (other.port == 0 ? "" : ":" + std::to_string(other.port));
  const auto& name = unknown.account.name;
  throw util::Error(util::Kind::storage,
                    "nothing is recorded about this mailbox, but " + known +
                        " are known from the same user at " + where +
                        "; nothing is fetched, so that nothing arrives twice",
                    "if the server has a new name: mailhaul state move " + where + " " + name +
                        "; to fetch all of it again: mailhaul -a " + name);
}

/// Where UIDs are small numbers, a few messages may have the same UID and size by accident.
void require_no_known_uids(const UnknownMailbox& unknown, const Namesakes& namesakes,
                           std::span<const pop3::Listed> listed) {
  constexpr std::size_t enough = 3, one_in = 100;
  for (const auto& other : namesakes) {
    const auto known = count_known(unknown.store, other.id, listed);
    const bool may_be_accident = known < enough || known * one_in < listed.size();
    if (known == 0 || (may_be_accident && known * 2 < listed.size())) continue;
    refuse_other_name(unknown, other,
                      std::to_string(known) + " of its " + util::counted(listed.size(), "message"));
  }
}

/// At most 100 of the messages, spread evenly over the listing.
std::vector<pop3::Listed> sample_of(std::span<const pop3::Listed> listed) {
  constexpr std::size_t most = 100;
  std::vector<pop3::Listed> sample;
  const auto count = std::min(most, listed.size());
  for (std::size_t i = 0; i < count; ++i) sample.push_back(listed[i * listed.size() / count]);
  return sample;
}

/// A server may have given new UIDs to all its mail together with its new name. A few messages, such as those
/// of a mailing list, may have come to two mailboxes. Rows that are gone are left out, because their messages
/// are not listed under a new name.
void require_no_known_headers(const UnknownMailbox& unknown, const Namesakes& namesakes,
                              pop3::Session& session, std::span<const pop3::Listed> listed) {
  constexpr std::size_t enough = 3;
  if (listed.size() < enough || unknown.comparison == Comparison::given_up) return;
  std::vector<std::pair<const state::Store::Mailbox*, Headers>> recorded_there;
  for (const auto& other : namesakes) {
    Headers recorded;
    unknown.store.for_each_row(other.id, [&recorded](const state::Row& row) {
      if (row.header && !row.gone) recorded.insert(*row.header);
    });
    if (recorded.size() >= enough) recorded_there.emplace_back(&other, std::move(recorded));
  }
  if (recorded_there.empty()) return;
  unknown.comparison = Comparison::under_way;
  const auto headers = listed_headers(session, sample_of(listed));
  unknown.comparison = Comparison::wanted;
  for (const auto& [other, recorded] : recorded_there) {
    const auto known = count_in(recorded, headers);
    if (known < enough || known * 2 < headers.size()) continue;
    const auto compared = std::to_string(known) + " of ";
    const auto all = util::counted(listed.size(), "message");
    refuse_other_name(
        unknown, *other,
        compared + (headers.size() == listed.size()
                        ? "its " + all
                        : std::to_string(headers.size()) + " of its " + all + " that were compared"));
  }
}

/// Stops the fetch: `here` of the `listed` messages were delivered already, from `host` if it is not empty.
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
  const auto namesakes = namesakes_of(unknown);
  require_no_known_uids(unknown, namesakes, listed);
  require_no_known_headers(unknown, namesakes, session, listed);
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
