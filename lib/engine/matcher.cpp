// SPDX-License-Identifier: MIT
#include "engine/matcher.h"

#include <algorithm>
#include <utility>

#include "engine/same_message.h"
#include "engine/uid.h"
#include "net/refusal.h"
#include "util/escape.h"

namespace mailhaul::engine {

using state::LandingState;
using state::Standing;

std::vector<Identity> Matcher::identify(pop3::Session& session, std::span<const pop3::Listed> listed,
                                        const std::function<state::MailboxRows()>& rows) {
  UidlIndex index(listed);  // while the rows are still being read
  rows_ = rows();
  auto identities = identify_or_blame(session, listed, std::move(index));
  note_absent_rows(identities, listed, !session.listing_faults().may_be_incomplete);
  const bool by_content = std::ranges::any_of(identities, &Identity::by_content);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const state::RowSummary* row = identities[i].row;
    if (row == nullptr) continue;
    identities[i].this_run = run_.delivered_now.contains(row->id);
    // A row whose message has not been read yet may belong to another message of this listing.
    const bool certain = row->standing != Standing::pending && !row->suspect && row->bytes == listed[i].bytes;
    if (!certain) unplaced_.insert(row->id);
    if (certain && by_content) taken_.insert(row->id);  // otherwise only unplaced rows are searched
  }
  return identities;
}

/// A message that breaks the session at TOP has neither UIDL nor header: its size alone is noted.
std::vector<Identity> Matcher::identify_or_blame(pop3::Session& session, std::span<const pop3::Listed> listed,
                                                 UidlIndex index) {
  const auto comes_last = [this](std::uint64_t bytes) {
    settler_.write_with_next_commit({.id = run_.store.next_row(run_.mailbox), .bytes = bytes, .failures = 1});
  };
  try {
    return engine::identify(session, std::move(index), {rows_, run_.store, run_.mailbox, run_.account.name});
  } catch (const HeaderRefused& error) {
    comes_last(error.bytes);
    throw;
  } catch (const util::Error& error) {
    const auto awaited = session.awaited();
    const auto message = std::ranges::find(listed, awaited.number, &pop3::Listed::number);
    const bool refused = dynamic_cast<const net::RefusedError*>(&error) != nullptr;
    const bool of_the_server = error.kind() == util::Kind::temporary || error.kind() == util::Kind::protocol;
    if (refused || !of_the_server || awaited.what != pop3::Awaited::What::message || message == listed.end())
      throw;
    comes_last(message->bytes);
    throw util::Error(error.kind(), "message " + shown_uid(*message, std::nullopt) + ": " + error.what(),
                      error.hint());
  }
}

/// Handles the rows whose UIDL is not listed: their messages may be absent, or listed under other UIDLs.
void Matcher::note_absent_rows(std::span<const Identity> identities, std::span<const pop3::Listed> listed,
                               bool listing_is_whole) {
  const auto by_content = std::ranges::count_if(identities, &Identity::by_content);
  if (by_content != 0 && by_content == std::ssize(identities)) {  // no row is known to be absent yet
    if (any_has_uidl(listed)) return;
    return run_.notices.warn_once(
        "the server has neither UIDL nor TOP: each run retrieves all messages, to tell what is new",
        "nothing is delivered twice; if mail need not stay there, remove it (--no-leave-on-server)");
  }
  for (const auto id : rows_without_message(identities, rows_)) {
    if (rows_.with_id(id)->standing != Standing::gone) unplaced_.insert(unplaced_.end(), id);
  }
  const auto absent = absent_rows(identities, listed, rows_);
  run_.store.commit(run_.mailbox, {.suspected = newly_suspect(absent, rows_)});
  // The malformed lines of a listing may stand for these messages, and so may messages that only their
  // content identifies.
  if (!listing_is_whole || by_content != 0) return;
  run_.store.note_absent(run_.mailbox, absent, run_.environment.now());
  for (const auto id : absent) {
    if (rows_.with_id(id)->has_landings) warn_of_unfinished(*rows_.with_id(id));
  }
}

/// Reports, once, landings that cannot be completed while their message is not listed under its UIDL. They
/// are kept, because one listing without the message proves nothing.
void Matcher::warn_of_unfinished(const state::RowSummary& row) {
  const std::string name = row.uidl.empty() ? "without a UID" : util::escape_uid(row.uidl);
  for (const auto& landing : run_.store.landings_of(run_.mailbox, row.id)) {
    if (landing.state == LandingState::delivered) continue;
    const std::string sentence =
        "message " + name + " may not have reached " + landing.target + ", and is no longer on the server";
    if (run_.notices.first_time(sentence))
      run_.notices.warn(sentence, "look for it there, and in the other destinations where it was to go",
                        name);
  }
}

const state::RowSummary* Matcher::row_of(const Step& step) const {
  const auto* row = step.identity.row;
  return row == nullptr || detached_.contains(row->id) ? nullptr : row;
}

bool Matcher::note_size_and_header(const Step& step, const std::optional<util::Hash>& header) {
  auto row = row_by_uid(step);
  if (!row || !header) return true;
  if ((row->header || row->content) && row->header != header) return false;
  row->header = header;
  confirm(step, std::move(*row), std::nullopt);
  return true;
}

std::optional<state::Row> Matcher::row_by_header(const Step& step,
                                                 const std::optional<MessageHashes>& top) const {
  auto row = row_by_uid(step);
  if (row && !header_identifies(*row, step.message, top, run_.server.sizes_are_off)) row.reset();
  return row;
}

Match Matcher::match(const Step& step, const MessageHashes& hashes) {
  Match match{.row = row_by_uid(step)};
  const bool untouched =
      match.row && match.row->standing == Standing::pending && !step.identity.row->has_landings;
  // Nothing of such a message was delivered, so the content of its row proves nothing.
  if (untouched && match.row->content != hashes.content) match.row->content.reset();
  if (match.row && must_read_again(step, *match.row, hashes)) return {.read_again = true};
  const auto before = read_once_.find(step.message.number);
  const bool came_twice = before != read_once_.end() && before->second == hashes.content;
  const auto other = [&](const state::Row& row) {  // a body that came twice is not made anew
    return is_another(row, step.message, hashes, run_.environment.now()) ||
           (came_twice && has_other_content(row, hashes));
  };
  if (match.row && other(*match.row)) {
    detach(step, std::move(*match.row));
    match = {.uid_reused = true};
  }
  if (match.row && !match.row->content) {
    // A row that was only made to note something about a message (too large, failed) yields to one that knows
    // the content under an older UIDL.
    const bool begun = match.row->standing != Standing::pending || step.identity.row->has_landings;
    if (auto known = begun ? std::nullopt : row_by_content(step, hashes)) {
      settler_.forget_with_next_commit(match.row->id);
      detached_.insert(match.row->id);
      return {.row = std::move(known), .by = KnownBy::content};
    }
  }
  if (match.row) {
    taken_.insert(match.row->id);
    match.by = KnownBy::uid;
    match.row->remade = match.row->remade || (match.row->content && *match.row->content != hashes.content);
  } else if ((match.row = row_by_content(step, hashes))) {
    match.by = KnownBy::content;
  }
  return match;
}

bool Matcher::must_read_again(const Step& step, const state::Row& row, const MessageHashes& hashes) {
  return !row.remade && may_be_remade(row, step.message, hashes, run_.environment.now()) &&
         read_once_.emplace(step.message.number, hashes.content).second;
}

/// The row with this message's UIDL, unless a message with another UIDL was found to have the row's content.
std::optional<state::Row> Matcher::row_by_uid(const Step& step) const {
  const auto* row = row_of(step);
  if (row == nullptr || (unplaced_.contains(row->id) && taken_.contains(row->id))) return std::nullopt;
  return settler_.store().row(run_.mailbox, row->id);
}

/// Finds a row with this content that no other message of this listing has, because the server may have
/// changed its UIDLs, or has none. A row that was only marked or imported has no content hash: header and
/// size decide. If it is delivered, they decide only if no other message should have this header, because the
/// message may be removed then.
std::optional<state::Row> Matcher::row_by_content(const Step& step, const MessageHashes& hashes) {
  if (!step.identity.by_content && unplaced_.empty()) return std::nullopt;
  const auto& store = settler_.store();
  auto rows = store.rows_with_content(run_.mailbox, hashes.content);
  for (auto& row : store.rows_with_header(run_.mailbox, hashes.header, step.message.bytes)) {
    const bool marked =
        row.standing == Standing::seen || (row.standing == Standing::delivered && header_is_unique(hashes));
    if (marked && !row.content) rows.push_back(std::move(row));
  }
  for (auto& row : rows) {
    const bool candidate = step.identity.by_content || unplaced_.contains(row.id);
    if (candidate && taken_.insert(row.id).second) return std::move(row);
  }
  return std::nullopt;
}

/// The UIDL was used again for another message. The old row keeps its hashes, so that its message can still
/// be recognised, and keeps its open landings.
void Matcher::detach(const Step& step, state::Row row) {
  unplaced_.insert(row.id);
  taken_.erase(row.id);
  detached_.insert(row.id);
  if (row.uidl != step.message.uidl) return;
  row.uidl.clear();
  settler_.write_with_next_commit(std::move(row));
}

state::Row Matcher::updated(const Step& step, const MessageHashes& hashes, const Match& match) {
  state::Row row = match.row.value_or(state::Row{});
  if (row.id == 0 && step.identity.by_content) {
    row.id = settler_.store().next_row(run_.mailbox);
    taken_.insert(row.id);  // an equal message of this listing gets another row
  }
  if (row.standing == Standing::gone) row.standing = Standing::delivered;  // it is still listed
  row.gone.reset();
  row.uidl = step.message.uidl;
  note_size(row, step.message.bytes, hashes.octets);
  row.header = hashes.header;
  row.content = hashes.content;
  row.ordinal = step.identity.ordinal;
  row.suspect = false;
  return row;
}

state::RowId Matcher::confirm(const Step& step, state::Row row, const std::optional<MessageHashes>& hashes) {
  const bool remade = hashes && row.content && row.content != hashes->content;
  const bool new_hashes = hashes && (row.header != hashes->header || row.content != hashes->content);
  if (new_hashes) {
    row.header = hashes->header;
    row.content = hashes->content;
  }
  const bool changed = new_hashes || row.bytes != step.message.bytes || row.suspect || row.failures > 0 ||
                       row.uidl != step.message.uidl || row.standing == Standing::gone;
  note_size(row, step.message.bytes, hashes && !remade ? std::optional(hashes->octets) : std::nullopt);
  row.suspect = false;
  row.failures = 0;
  if (!step.message.uidl.empty()) row.uidl = step.message.uidl;
  if (row.standing == Standing::gone) row.standing = Standing::delivered;  // it was not removed: DELE again
  const auto id = row.id;
  taken_.insert(id);
  if (changed) {
    changed_.push_back(id);
    settler_.write_with_next_commit(std::move(row));
  }
  return id;
}

state::Row Matcher::row_to_note(const Step& step) const {
  auto& store = settler_.store();
  const auto* known = row_of(step);
  if (auto row = known != nullptr ? settler_.row(known->id) : std::nullopt) return std::move(*row);
  return {.id = store.next_row(run_.mailbox),
          .uidl = step.message.uidl,
          .bytes = step.message.bytes,
          .header = step.identity.header,
          .ordinal = step.identity.ordinal};
}

}  // namespace mailhaul::engine
