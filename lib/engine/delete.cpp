// SPDX-License-Identifier: MIT
#include "engine/delete.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/account_run.h"
#include "engine/fingerprint.h"
#include "engine/last_run.h"
#include "engine/read_only_session.h"
#include "engine/recover.h"
#include "engine/refusals.h"
#include "engine/removals.h"
#include "engine/same_message.h"
#include "engine/uid.h"
#include "net/refusal.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::engine {

namespace {

using state::Standing;

/// What this session has read of a message.
struct Reading {
  bool is_whole = false;
  MessageHashes hashes;  ///< `content` has no meaning unless `is_whole`
  std::string beginning;
};

struct NamedMessage {
  std::size_t index = 0;
  std::optional<state::Row> row;
  Reading reading;
  bool is_delivered = false;
};

enum class RowMatch {
  delivered,
  not_delivered,
  whole_needed  ///< the header is that of the row, but proves nothing: the content decides
};

/// LAW 2: whether the message that was read is the one that the row says was delivered.
RowMatch compare_with_row(const NamedMessage& chosen, const pop3::Listed& listed, bool sizes_are_off) {
  const auto& row = chosen.row;
  if (!row || (row->standing != Standing::delivered && row->standing != Standing::gone))
    return RowMatch::not_delivered;
  const bool is_unsized = row->bytes == 0 && !row->header && !row->content;  // imported as delivered
  if (is_unsized) return row->suspect ? RowMatch::not_delivered : RowMatch::delivered;
  if (header_identifies(*row, listed, chosen.reading.hashes, sizes_are_off)) return RowMatch::delivered;
  if (row->header != chosen.reading.hashes.header || !row->content) return RowMatch::not_delivered;
  if (!chosen.reading.is_whole) return RowMatch::whole_needed;
  return *row->content == chosen.reading.hashes.content ? RowMatch::delivered : RowMatch::not_delivered;
}

/// Whether the message was marked as seen or handed to standard output, so that it is not fetched.
bool is_seen(const NamedMessage& chosen) { return chosen.row && chosen.row->standing == Standing::seen; }

std::string_view standing_of(const NamedMessage& chosen) {
  if (chosen.is_delivered) return "delivered";
  if (!is_seen(chosen)) return "never delivered";
  return chosen.row->delivered ? "handed to standard output, not kept here"
                               : "marked as seen, never delivered";
}

/// One run of the command.
class Deleting {
 public:
  Deleting(ReadOnlySession& read_only, AccountRun& run) : read_only_(read_only), run_(run) {}

  void choose(const Deletion& deletion) {
    for (const auto& typed : deletion.uids) {
      for (const auto i : read_only_.indexes_of({&typed, 1})) {
        if (!deletion.numbers && typed_uid(typed) != read_only_.uid_of(i)) refuse_number(typed);
        const auto is_same = [i](const NamedMessage& one) { return one.index == i; };
        if (std::ranges::none_of(chosen_, is_same)) chosen_.push_back({.index = i, .row = row_of(i)});
      }
    }
  }

  void read_all() {
    const bool has_top = read_only_.session.capabilities().top;
    run_.tell.planned(run_.account.name, static_cast<std::uint32_t>(chosen_.size()), 0);
    for (const auto& one : chosen_)
      if (has_top) want(one, HeaderFields::read);
    std::vector<NamedMessage*> to_read;
    for (auto& one : chosen_) {
      const bool is_read = has_top && read(one, HeaderFields::read);
      const bool is_enough = is_read && compare_with_row(one) != RowMatch::whole_needed;
      is_enough ? run_.tell.arrived(run_.account.name) : to_read.push_back(&one);
    }
    for (auto* one : to_read) {
      want(*one, HeaderFields::leave_empty);
      read(*one, HeaderFields::leave_empty);
      run_.tell.arrived(run_.account.name);
    }
    for (auto& one : chosen_) one.is_delivered = compare_with_row(one) == RowMatch::delivered;
  }

  void refuse_undelivered() const {
    std::vector<std::string> names;
    std::string_view standing;
    std::string advice = "fetch first, or ";  // this does not help with what is marked as seen
    for (const auto& one : chosen_) {
      if (one.is_delivered) continue;
      names.push_back(read_only_.uid_of(one.index));
      standing = names.size() == 1 || standing == standing_of(one) ? standing_of(one) : "not delivered here";
      if (is_seen(one)) advice.clear();
    }
    if (names.empty()) return;
    constexpr std::size_t most = 10;
    const auto more = names.size() > most ? " and " + std::to_string(names.size() - most) + " more" : "";
    names.resize(std::min(names.size(), most));
    const bool is_one = names.size() == 1;
    const auto which = (is_one ? " " : "s ") + util::joined(names) + more + (is_one ? " was " : " were ");
    throw util::Error(util::Kind::usage, "nothing was removed: message" + which + std::string(standing),
                      advice + "add --unfetched to remove undelivered messages, too");
  }

  MailboxListing listing() const {
    MailboxListing listing{.account = run_.account.name, .messages = {}, .error = {}};
    for (const auto& one : chosen_) listing.messages.push_back(shown(one));
    return listing;
  }

  std::size_t remove() {
    Removals removals(run_, read_only_.session,
                      "mailhaul list " + run_.account.name + " shows what is still there; delete it again");
    for (const auto& one : chosen_) {
      const auto number = read_only_.listed[one.index].number;
      if (one.is_delivered) {
        removals.mark(number, one.row->id);
      } else {
        removals.mark_undelivered(number, row_to_forget(one));
      }
    }
    run_.totals.left = static_cast<std::uint32_t>(read_only_.listed.size());
    const auto removed = removals.finish();
    for (const auto& one : chosen_)
      if (std::ranges::binary_search(removed, read_only_.listed[one.index].number))
        run_.tell.message(run_.account.name, event_of(shown(one)));
    note_listing(read_only_, removed, removed.size());
    if (removed.size() != chosen_.size()) {
      throw util::Error(util::Kind::temporary,
                        "the server removed " + std::to_string(removed.size()) + " of " +
                            util::counted(chosen_.size(), "message"),
                        "what it refused to remove is still there");
    }
    return removed.size();
  }

 private:
  RowMatch compare_with_row(const NamedMessage& one) const {
    return engine::compare_with_row(one, read_only_.listed[one.index], run_.server.sizes_are_off);
  }

  [[noreturn]] void refuse_number(const std::string& typed) const {
    throw util::Error(util::Kind::usage,
                      "nothing was removed: " + util::escape(typed) +
                          " may be another message by now, and there is no terminal to show which one",
                      "name it by its UID: mailhaul list " + run_.account.name + " shows it");
  }

  std::optional<state::Row> row_of(std::size_t index) const {
    read_only_.require_identity(
        index, "deleted", "without \"leave_on_server\", fetch removes messages once they are delivered");
    const auto* summary = read_only_.identities[index].row;
    return summary != nullptr ? read_only_.store.row(read_only_.mailbox, summary->id) : std::nullopt;
  }

  void want(const NamedMessage& one, HeaderFields fields) {
    const auto& listed = read_only_.listed[one.index];
    const bool header_only = fields == HeaderFields::read;
    read_only_.session.want(
        {.number = listed.number, .bytes = header_only ? 0 : listed.bytes, .header_only = header_only});
  }

  /// False: the server refused TOP. Throws Error when it refuses RETR.
  bool read(NamedMessage& one, HeaderFields fields) {
    constexpr std::size_t max_bytes = 65536;
    pop3::Message& message = read_only_.session.next();
    if (message.refused() && fields == HeaderFields::read) return false;
    if (message.refused()) {
      const auto meant = net::understand(*message.refused(), util::Kind::temporary);
      throw util::Error(meant.kind,
                        "cannot read message " + read_only_.uid_of(one.index) +
                            " before it is removed: the server said -ERR " + *message.refused(),
                        meant.hint.empty() ? std::string(hint_for_one_refused) : meant.hint);
    }
    one.reading = {.is_whole = fields != HeaderFields::read, .hashes = {}, .beginning = {}};
    auto& beginning = one.reading.beginning;
    Fingerprint fingerprint;
    while (const auto piece = message.read()) {
      fingerprint.add(*piece);
      beginning.append(piece->substr(0, max_bytes - std::min(max_bytes, beginning.size())));
    }
    one.reading.hashes = fingerprint.finish();
    return true;
  }

  /// 0: no row. A delivered row, or one with another header, belongs to another message, and stays.
  static state::RowId row_to_forget(const NamedMessage& one) {
    const auto& row = one.row;
    if (!row || (row->standing != Standing::pending && row->standing != Standing::seen)) return 0;
    return !row->header || row->header == one.reading.hashes.header ? row->id : 0;
  }

  ListedMessage shown(const NamedMessage& one) const {
    ListedMessage message{.number = read_only_.listed[one.index].number,
                          .uid = read_only_.uid_of(one.index),
                          .bytes = read_only_.listed[one.index].bytes,
                          .action = Action::remove,
                          .reason = standing_of(one),
                          .is_new = !one.is_delivered,
                          .removes = true};
    take_header_fields(one.reading.beginning, message);
    return message;
  }

  ReadOnlySession& read_only_;
  AccountRun& run_;
  std::vector<NamedMessage> chosen_;
};

}  // namespace

std::size_t delete_messages(const account::Account& account, const Environment& environment,
                            report::Listener& listener, const Deletion& deletion) {
  ReadOnlySession read_only(account, environment, listener);
  AccountRun run(account, environment, listener, read_only.store);
  read_only.mailbox = run.mailbox;
  // What a killed run has published counts as delivered.
  recover(run.store, run.mailbox, run.context, run.account.deliver);
  Deleting deleting(read_only, run);
  deleting.choose(deletion);
  deleting.read_all();
  if (!deletion.undelivered) deleting.refuse_undelivered();
  if (!deletion.agree(deleting.listing())) {
    read_only.leave();
    return 0;
  }
  return deleting.remove();
}

}  // namespace mailhaul::engine
