// SPDX-License-Identifier: MIT
#include "engine/identity.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "engine/same_message.h"
#include "net/refusal.h"

namespace mailhaul::engine {

namespace {

using state::RowSummary;
using state::Standing;

/// Gives each message the row of its UIDL: the live one, or a gone one when there is no other. Returns the
/// positions of the messages that their UIDL cannot identify, because it is empty or not unique in this
/// listing, or several live rows have it.
std::vector<std::size_t> name(UidlIndex& index, const state::MailboxRows& recorded,
                              std::vector<Identity>& identities) {
  std::vector<bool> nameless(identities.size());
  for (std::size_t i = 0; i < identities.size(); ++i) nameless[i] = !index.unique(i);
  for (const auto& row : recorded.rows()) {
    const auto found = index.find(row.uidl);
    if (!found || nameless[*found]) continue;
    const RowSummary*& chosen = identities[*found].row;
    if (chosen == nullptr) {
      chosen = &row;
    } else if (row.standing != Standing::gone) {
      nameless[*found] = chosen->standing != Standing::gone;
      chosen = nameless[*found] ? nullptr : &row;
    }
  }
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < nameless.size(); ++i) {
    if (nameless[i]) positions.push_back(i);
  }
  return positions;
}

}  // namespace

std::optional<MessageHashes> top_of(pop3::Message& message) {
  if (message.refused()) return std::nullopt;
  Fingerprint print;
  while (const auto piece = message.read()) print.add(*piece);
  return print.finish();
}

std::optional<util::Hash> header_of(pop3::Message& message) {
  const auto top = top_of(message);
  return top ? std::optional(top->header) : std::nullopt;
}

namespace {

/// Stops at a limit. It may be about this message alone, but mostly the server would refuse all others, too.
void require_no_limit(const pop3::Message& message, std::uint64_t announced) {
  if (!message.refused()) return;
  const auto meant = net::understand(*message.refused(), util::Kind::temporary);
  if (meant.reason != net::Reason::limit) return;
  // RFC 1939 section 7: the header, the empty line, and no line of the body.
  const std::string command = "TOP " + std::to_string(message.wanted().number) + " 0";
  const util::Error error(meant.kind, "the server refused " + command + ": -ERR " + *message.refused(),
                          meant.hint);
  throw HeaderRefused({error, meant}, announced);
}

/// The row of the n-th listed message, from 0, that has the header and size of `rows`: the n-th of them by
/// ordinal, without those that are gone or taken. Null if there are fewer.
const RowSummary* nth_row(const state::MailboxRows& recorded, std::vector<state::Row> rows,
                          const std::set<state::RowId>& taken, std::uint32_t n) {
  std::erase_if(rows, [&](const state::Row& row) {
    return row.standing == Standing::gone || taken.contains(row.id);  // another listed message's, by its UIDL
  });
  std::ranges::sort(rows, [](const state::Row& a, const state::Row& b) {
    return a.ordinal != b.ordinal ? a.ordinal < b.ordinal : a.id < b.id;
  });
  return n < rows.size() ? recorded.with_id(rows[n].id) : nullptr;
}

/// Adds how much was received of messages that turned out to be too large.
void add_received_bytes(std::span<const pop3::Listed> listed, const KnownMail& known,
                        std::vector<Identity>& identities) {
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const auto* row = identities[i].row;
    if (row == nullptr || !row->told || row->standing != Standing::pending) continue;
    const auto stored = known.store.row(known.mailbox, row->id);
    // If LIST has another size now, the header must show that the message is the same.
    if (stored && (stored->bytes == listed[i].bytes || stored->header))
      identities[i].received_bytes = stored->received_bytes;
  }
}

/// If messages of this server had UIDs in an earlier session, one refusal of UIDL does not mean that they
/// have none now.
void require_uids(const pop3::ListingFaults& faults, const KnownMail& known) {
  const auto has_uidl = [](const RowSummary& row) { return !row.uidl.empty(); };
  if (!faults.uidl_refusal || std::ranges::none_of(known.rows.rows(), has_uidl)) return;
  const std::string account(known.account);
  throw util::Error(
      util::Kind::temporary,
      "the server refused UIDL, although its messages had UIDs before: -ERR " + *faults.uidl_refusal,
      "nothing was fetched; the next run asks again; if UIDL is gone for good, run mailhaul state forget "
      "--all " +
          account + " and, before the next fetch, mailhaul state rebuild " + account);
}

/// Whether the row's message broke a session before it could be identified: only its size is known.
bool broke_a_session(const RowSummary& row, const KnownMail& known) {
  if (row.standing != Standing::pending || row.failures == 0 || !row.uidl.empty()) return false;
  const auto stored = known.store.row(known.mailbox, row.id);
  return stored && !names_its_message(*stored);
}

std::multimap<std::uint64_t, const RowSummary*> rows_by_size(const KnownMail& known) {
  std::multimap<std::uint64_t, const RowSummary*> rows;
  for (const auto& row : known.rows.rows()) {
    if (broke_a_session(row, known)) rows.emplace(row.bytes, &row);
  }
  return rows;
}

using RowsByHeader = std::map<util::Hash, const RowSummary*>;

/// The rows of messages that turned out larger than max_size, or failed, except those in `taken`.
RowsByHeader rows_to_be_known(const KnownMail& known, const std::set<state::RowId>& taken) {
  RowsByHeader rows;
  for (const auto& row : known.rows.rows()) {
    if (!(row.told || row.failures > 0) || row.standing != Standing::pending || taken.contains(row.id))
      continue;
    const auto stored = known.store.row(known.mailbox, row.id);
    if (stored && stored->header && (stored->received_bytes != 0 || row.failures > 0))
      rows.emplace(*stored->header, &row);
  }
  return rows;
}

/// Finds these rows by header, whatever size is announced, for messages whose header should be unique
/// (`unique`). The header must be listed once: a mailing list's copy without the attachment may have it, too.
void find_by_header(std::span<const std::size_t> unique, const RowsByHeader& rows,
                    std::vector<Identity>& identities) {
  std::map<util::Hash, int> times;
  for (const auto i : unique) ++times[*identities[i].header];
  for (const auto i : unique) {
    const auto row = rows.find(*identities[i].header);
    if (row == rows.end() || identities[i].row != nullptr || times[row->first] != 1) continue;
    identities[i].row = row->second;
  }
}

/// Finds the row of each listed message, by UIDL, else by header and size.
std::vector<Identity> find_rows(pop3::Session& session, UidlIndex& index, const KnownMail& known) {
  const auto listed = index.listed();
  std::vector<Identity> identities(listed.size());
  auto nameless = name(index, known.rows, identities);
  if (nameless.empty()) return identities;
  std::set<state::RowId> taken;
  for (const auto& identity : identities) {
    if (identity.row != nullptr) taken.insert(identity.row->id);
  }
  auto breaking = rows_by_size(known);
  // A header that may break the session again is not read: its message comes last.
  std::erase_if(nameless, [&](std::size_t i) {
    auto row = breaking.extract(listed[i].bytes);
    if (!row) return false;
    identities[i].row = row.mapped();
    return identities[i].by_content = true;
  });
  for (const auto i : nameless) {
    session.want({.number = listed[i].number, .bytes = 0, .header_only = true});
  }
  std::map<std::pair<util::Hash, std::uint64_t>, std::uint32_t> equals;
  std::vector<std::size_t> unique;
  for (const auto i : nameless) {
    Identity& identity = identities[i];
    pop3::Message& message = session.next();
    require_no_limit(message, listed[i].bytes);
    const auto top = top_of(message);
    identity.by_content = !top;
    if (!top) continue;
    identity.header = std::optional(top->header);
    if (header_is_unique(*top)) unique.push_back(i);
    identity.ordinal = equals[{*identity.header, listed[i].bytes}]++;
    identity.row =
        nth_row(known.rows, known.store.rows_with_header(known.mailbox, *identity.header, listed[i].bytes),
                taken, identity.ordinal);
  }
  if (!unique.empty()) find_by_header(unique, rows_to_be_known(known, taken), identities);
  return identities;
}

}  // namespace

std::vector<Identity> identify(pop3::Session& session, UidlIndex index, const KnownMail& known) {
  require_uids(session.listing_faults(), known);
  auto identities = find_rows(session, index, known);
  add_received_bytes(index.listed(), known, identities);
  return identities;
}

bool knows_any_message(const KnownMail& known) {
  return !std::ranges::all_of(known.rows.rows(),
                              [&](const auto& row) { return broke_a_session(row, known); });
}

std::vector<state::RowId> rows_without_message(std::span<const Identity> identities,
                                               const state::MailboxRows& recorded) {
  const auto rows = recorded.rows();
  std::vector<bool> present(rows.size());
  for (const auto& identity : identities) {
    if (identity.row != nullptr) present[static_cast<std::size_t>(identity.row - rows.data())] = true;
  }
  std::vector<state::RowId> without;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!present[i]) without.push_back(rows[i].id);
  }
  return without;
}

std::vector<state::RowId> absent_rows(std::span<const Identity> identities,
                                      std::span<const pop3::Listed> listed,
                                      const state::MailboxRows& recorded) {
  std::set<std::string_view> shared;
  for (std::size_t i = 0; i < identities.size(); ++i) {
    if (identities[i].by_content) shared.insert(listed[i].uidl);
  }
  auto absent = rows_without_message(identities, recorded);
  std::erase_if(absent, [&](state::RowId id) { return shared.contains(recorded.with_id(id)->uidl); });
  return absent;
}

std::vector<state::RowId> newly_suspect(std::span<const state::RowId> absent,
                                        const state::MailboxRows& recorded) {
  std::vector<state::RowId> suspect;
  for (const auto id : absent) {
    const auto& row = *recorded.with_id(id);
    const bool kept = row.standing == state::Standing::delivered || row.standing == state::Standing::seen;
    if (kept && !row.suspect && !row.uidl.empty()) suspect.push_back(id);
  }
  return suspect;
}

}  // namespace mailhaul::engine
