// SPDX-License-Identifier: MIT
// LAW 1: which row of the state database belongs to a message?
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/account_run.h"
#include "engine/fingerprint.h"
#include "engine/identity.h"
#include "engine/plan.h"
#include "engine/settle.h"
#include "pop3/session.h"

namespace mailhaul::engine {

enum class KnownBy { nothing, uid, content };

/// The row that was found to belong to a message, as it is stored.
struct Match {
  std::optional<state::Row> row;
  KnownBy by = KnownBy::nothing;
  bool uid_reused = false;  ///< its UIDL belonged to another message before
  bool read_again = false;  ///< only a second RETR can decide
};

/// Decides for each message of one listing which row belongs to it: first by what the listing says, then by
/// what was read of the message. A row belongs to one message at most. One thread at a time.
class Matcher {
 public:
  Matcher(AccountRun& run, Settler& settler) : run_(run), settler_(settler) {}

  /// Returns one identity for each listed message, and notes rows without a message as absent. `rows` reads
  /// the mailbox's rows; until identify() returns, nobody else may use the store. Throws what the session
  /// throws.
  [[nodiscard]] std::vector<Identity> identify(pop3::Session& session, std::span<const pop3::Listed> listed,
                                               const std::function<state::MailboxRows()>& rows);

  /// Whether a row of the mailbox identifies its message. False: there are no rows, or they only have the
  /// sizes of messages that broke a session.
  [[nodiscard]] bool knows_any_message() const {
    return engine::knows_any_message({rows_, run_.store, run_.mailbox, run_.account.name});
  }

  /// The row that identify() found for the message; null if it found none, or once the content of the message
  /// has shown that the row belongs to another one.
  [[nodiscard]] const state::RowSummary* row_of(const Step& step) const;
  /// The row with the message's UIDL, if the header from TOP shows that it belongs to the message.
  [[nodiscard]] std::optional<state::Row> row_by_header(const Step& step,
                                                        const std::optional<MessageHashes>& top) const;
  /// Whether the row has a content hash, with which the message can be compared if it is read whole.
  [[nodiscard]] bool knows_content(const Step& step) const {
    const auto row = row_by_uid(step);
    return row && row->content;
  }
  /// Records size and header of a message whose row has no size. False: the row has another header.
  [[nodiscard]] bool note_size_and_header(const Step& step, const std::optional<util::Hash>& header);
  /// The row of a message that was read whole. A row with the same UIDL but other content loses the UIDL,
  /// unless a second RETR shows that the server makes the body anew.
  [[nodiscard]] Match match(const Step& step, const MessageHashes& hashes);
  /// Gives back a match that was not used: its row may be found again.
  void release(const Match& match) {
    if (match.row) taken_.erase(match.row->id);
  }

  /// The row of the match, or a new one, with what the message shows now: UIDL, size, hashes, position among
  /// equal messages.
  [[nodiscard]] state::Row updated(const Step& step, const MessageHashes& hashes, const Match& match);
  /// Records that the message belongs to the row, and writes what has changed. `hashes`: those of the
  /// message, if it was read whole. Returns the row's id.
  state::RowId confirm(const Step& step, state::Row row, const std::optional<MessageHashes>& hashes);
  /// The row of a message that is not delivered, to note something about it; a new row if there is none.
  [[nodiscard]] state::Row row_to_note(const Step& step) const;

  /// The rows that changed because a message was found to belong to them.
  const std::vector<state::RowId>& changed_rows() const noexcept { return changed_; }

 private:
  std::vector<Identity> identify_or_blame(pop3::Session& session, std::span<const pop3::Listed> listed,
                                          UidlIndex index);
  void note_absent_rows(std::span<const Identity> identities, std::span<const pop3::Listed> listed,
                        bool listing_is_whole);
  void warn_of_unfinished(const state::RowSummary& row);
  std::optional<state::Row> row_by_uid(const Step& step) const;
  std::optional<state::Row> row_by_content(const Step& step, const MessageHashes& hashes);
  bool must_read_again(const Step& step, const state::Row& row, const MessageHashes& hashes);
  void detach(const Step& step, state::Row row);

  AccountRun& run_;
  Settler& settler_;
  state::MailboxRows rows_;
  std::set<state::RowId> unplaced_;  ///< absent or in doubt: perhaps listed under another UIDL
  std::set<state::RowId> taken_;     ///< rows found to belong to a message of this listing
  /// The content of messages that are to be read again, by number.
  std::unordered_map<std::uint32_t, util::Hash> read_once_;
  std::set<state::RowId> detached_;  ///< rows that do not belong to the message with their UIDL
  std::vector<state::RowId> changed_;
};

}  // namespace mailhaul::engine
