// SPDX-License-Identifier: MIT
// LAW 1: which row of the state database is this message?
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

/// The row that a message was found to be, as it is stored.
struct Match {
  std::optional<state::Row> row;
  KnownBy by = KnownBy::nothing;
  bool uid_reused = false;  ///< its UIDL was another message's before
  bool read_again = false;  ///< only a second RETR can tell
};

/// Decides for each message of one listing which row it is: first by what the listing says, then by what was
/// read of it. A row is given to one message only. One thread at a time.
class Matcher {
 public:
  Matcher(AccountRun& run, Settler& settler) : run_(run), settler_(settler) {}

  /// Returns one identity for each listed message, and notes rows without a message as absent. `rows` are the
  /// mailbox's; until this returns nobody else may use the store. Throws what the session throws.
  std::vector<Identity> identify(pop3::Session& session, std::span<const pop3::Listed> listed,
                                 const std::function<state::MailboxRows()>& rows);

  /// Whether anything is recorded that tells one message of the mailbox from another.
  [[nodiscard]] bool knows_any_message() const {
    return engine::knows_any_message({rows_, run_.store, run_.mailbox});
  }

  /// The row that the listing gave the message; null once its content showed that the row is another
  /// message's.
  const state::RowSummary* row_of(const Step& step) const;
  /// The row, if what TOP showed proves it.
  std::optional<state::Row> proven_by_header(const Step& step, const std::optional<MessageHashes>& top) const;
  /// Whether its content will be compared, if the message is read whole.
  [[nodiscard]] bool knows_content(const Step& step) const {
    const auto row = row_by_uid(step);
    return row && row->content;
  }
  /// Notes size and header of a message that was recorded without a size. False: it has another header.
  [[nodiscard]] bool note_size_and_header(const Step& step, const std::optional<util::Hash>& header);
  /// The row of a message that was read whole. A row with its UIDL but other content loses the UIDL, unless a
  /// second RETR shows that the server makes the body anew.
  [[nodiscard]] Match match(const Step& step, const MessageHashes& hashes);
  /// The match was not used: the row may be found again.
  void release(const Match& match) {
    if (match.row) taken_.erase(match.row->id);
  }

  /// The row as the message shows it now: UIDL, size, hashes, place among equals.
  [[nodiscard]] state::Row updated(const Step& step, const MessageHashes& hashes, const Match& match);
  /// Settles that the message belongs to the row, and writes what has changed. `hashes`: of the message, if
  /// it was read whole. Returns the row's id.
  state::RowId confirm(const Step& step, state::Row row, const std::optional<MessageHashes>& hashes);
  /// The row of a message that is not delivered, to note something about it; a new row if there is none.
  state::Row row_to_note(const Step& step) const;

  /// Rows changed because a message was found to be theirs.
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
  std::set<state::RowId> unplaced_;  ///< absent or in doubt: perhaps a message listed under another UIDL
  std::set<state::RowId> taken_;     ///< a message of this listing was found to be this row
  std::unordered_map<std::uint32_t, util::Hash> read_once_;  ///< content, by number: to be read again
  std::set<state::RowId> detached_;  ///< no longer the row of the message that bears its UIDL
  std::vector<state::RowId> changed_;
};

}  // namespace mailhaul::engine
