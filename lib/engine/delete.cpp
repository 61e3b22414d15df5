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
  MessageHashes hashes;  ///< `content` only counts if it is whole
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
  whole_needed  ///< the header is the row's and does not prove it: the content decides
};

/// LAW 2: whether the message that was read is the one that the row says was delivered.
RowMatch compare_with_row(const NamedMessage& chosen, const pop3::Listed& listed, bool sizes_are_off) {
  const auto& row = chosen.row;
  if (!row || (row->standing != Standing::delivered && row->standing != Standing::gone))
    return RowMatch::not_delivered;
  const bool is_unsized = row->bytes == 0 && !row->header && !row->content;  // imported as delivered
  if (is_unsized) return row->suspect ? RowMatch::not_delivered : RowMatch::delivered;
  if (header_proves(*row, listed, chosen.reading.hashes, sizes_are_off)) return RowMatch::delivered;
  if (row->header != chosen.reading.hashes.header || !row->content) return RowMatch::not_delivered;
  if (!chosen.reading.is_whole) return RowMatch::whole_needed;
  return *row->content == chosen.reading.hashes.content ? RowMatch::delivered : RowMatch::not_delivered;
}

std::string_view standing_of(const NamedMessage& chosen) {
  if (chosen.is_delivered) return "delivered";
  const bool is_seen = chosen.row && chosen.row->standing == Standing::seen;
  if (!is_seen) return "never delivered";
  return chosen.row->delivered ? "handed to standard output, not kept here"
                               : "marked as seen, never delivered";
}

/// One run of the command.
class Deleting {
 public:
  Deleting(ReadOnlySession& look, AccountRun& run) : look_(look), run_(run) {}

  void choose(const Deletion& deletion) {
    for (const auto& typed : deletion.uids) {
      for (const auto i : look_.indexes_of({&typed, 1})) {
        if (!deletion.numbers && typed_uid(typed) != look_.uid_of(i)) refuse_number(typed);
        const auto is_same = [i](const NamedMessage& one) { return one.index == i; };
        if (std::ranges::none_of(chosen_, is_same)) chosen_.push_back({.index = i, .row = row_of(i)});
      }
    }
  }

  void read_all() {
    const bool has_top = look_.session.capabilities().top;
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
    for (const auto& one : chosen_)
      if (!one.is_delivered) names.push_back(look_.uid_of(one.index));
    if (names.empty()) return;
    constexpr std::size_t most = 10;
    const auto more = names.size() > most ? " and " + std::to_string(names.size() - most) + " more" : "";
    names.resize(std::min(names.size(), most));
    const bool is_one = names.size() == 1;
    throw util::Error(util::Kind::usage,
                      "nothing was removed: message" + std::string(is_one ? " " : "s ") +
                          util::joined(names) + more + (is_one ? " was" : " were") + " never delivered",
                      "fetch first, or add --unfetched to remove them unread");
  }

  MailboxListing listing() const {
    MailboxListing listing{.account = run_.account.name, .messages = {}, .error = {}};
    for (const auto& one : chosen_) listing.messages.push_back(shown(one));
    return listing;
  }

  std::size_t remove() {
    Removals removals(run_, look_.session, "delete it again: what was not confirmed is still there");
    for (const auto& one : chosen_) {
      const auto number = look_.listed[one.index].number;
      if (one.is_delivered) {
        removals.mark(number, one.row->id);
      } else {
        removals.mark_undelivered(number, row_to_forget(one));
      }
    }
    run_.totals.left = static_cast<std::uint32_t>(look_.listed.size());
    const auto removed = removals.finish();
    for (const auto& one : chosen_)
      if (std::ranges::binary_search(removed, look_.listed[one.index].number))
        run_.tell.message(run_.account.name, event_of(shown(one)));
    note_listing(look_, removed, removed.size());
    if (removed.size() != chosen_.size()) {
      throw util::Error(util::Kind::temporary,
                        "the server removed " + std::to_string(removed.size()) + " of " +
                            util::counted(chosen_.size(), "message"),
                        "the others are still there");
    }
    return removed.size();
  }

 private:
  RowMatch compare_with_row(const NamedMessage& one) const {
    return engine::compare_with_row(one, look_.listed[one.index], run_.server.sizes_are_off);
  }

  [[noreturn]] void refuse_number(const std::string& typed) const {
    throw util::Error(util::Kind::usage,
                      "nothing was removed: without a terminal nobody sees which message " +
                          util::escape(typed) + " is today",
                      "name it by its UID: mailhaul list " + run_.account.name + " shows it");
  }

  std::optional<state::Row> row_of(std::size_t index) const {
    if (look_.identities[index].by_content) {
      throw util::Error(util::Kind::unavailable,
                        "messages cannot be named: the server has neither UIDL nor TOP to tell them apart",
                        "fetch them without \"leave_on_server\": they are removed once they are delivered");
    }
    const auto* summary = look_.identities[index].row;
    return summary != nullptr ? look_.store.row(look_.mailbox, summary->id) : std::nullopt;
  }

  void want(const NamedMessage& one, HeaderFields fields) {
    const auto& listed = look_.listed[one.index];
    const bool header_only = fields == HeaderFields::read;
    look_.session.want(
        {.number = listed.number, .bytes = header_only ? 0 : listed.bytes, .header_only = header_only});
  }

  /// False: the server refused TOP. Throws Error when it refuses RETR.
  bool read(NamedMessage& one, HeaderFields fields) {
    constexpr std::size_t max_bytes = 65536;
    pop3::Message& message = look_.session.next();
    if (message.refused() && fields == HeaderFields::read) return false;
    if (message.refused()) {
      const auto meant = net::understand(*message.refused(), util::Kind::temporary);
      throw util::Error(meant.kind,
                        "cannot read message " + look_.uid_of(one.index) + " before it is removed: the " +
                            "server said -ERR " + *message.refused(),
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

  /// A row that was delivered, or has another header, is another message's, and stays.
  static state::RowId row_to_forget(const NamedMessage& one) {
    const auto& row = one.row;
    if (!row || (row->standing != Standing::pending && row->standing != Standing::seen)) return 0;
    return !row->header || row->header == one.reading.hashes.header ? row->id : 0;
  }

  ListedMessage shown(const NamedMessage& one) const {
    ListedMessage message{.number = look_.listed[one.index].number,
                          .uid = look_.uid_of(one.index),
                          .bytes = look_.listed[one.index].bytes,
                          .action = Action::remove,
                          .reason = standing_of(one),
                          .is_new = !one.is_delivered,
                          .removes = true};
    take_header_fields(one.reading.beginning, message);
    return message;
  }

  ReadOnlySession& look_;
  AccountRun& run_;
  std::vector<NamedMessage> chosen_;
};

}  // namespace

std::size_t delete_messages(const account::Account& account, const Environment& environment,
                            report::Listener& listener, const Deletion& deletion) {
  ReadOnlySession look(account, environment, listener);
  AccountRun run(account, environment, listener, look.store);
  look.mailbox = run.mailbox;
  recover(run.store, run.mailbox, run.context,
          run.account.deliver);  // what a killed run has published is delivered
  Deleting deleting(look, run);
  deleting.choose(deletion);
  deleting.read_all();
  if (!deletion.undelivered) deleting.refuse_undelivered();
  if (!deletion.agree(deleting.listing())) {
    look.leave();
    return 0;
  }
  return deleting.remove();
}

}  // namespace mailhaul::engine
