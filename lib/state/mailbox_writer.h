// SPDX-License-Identifier: MIT
// Changes the rows of one mailbox and updates its totals.
#pragma once
#include <set>
#include <span>
#include <vector>

#include "state/landing_table.h"
#include "state/mailbox_table.h"
#include "state/message_table.h"

namespace mailhaul::state {

/// All tables of one database.
struct Tables {
  MailboxTable mailboxes;
  MessageTable messages;
  LandingTable landings;
  explicit Tables(Database& database) noexcept
      : mailboxes(database), messages(database), landings(database) {}
};

/// What one transaction changes in one mailbox. REQUIRES: a Transaction begins before the constructor and
/// ends after finish().
class MailboxWriter {
 public:
  MailboxWriter(Tables& tables, MailboxId mailbox);

  MailboxRow& mailbox() noexcept { return mailbox_; }
  void put(const MessageRow& message);  ///< inserts it, or replaces the row of its id
  void put(const Landing& landing);     ///< inserts it, or replaces the one of its row and target
  void remove_landings(std::vector<RowId> rows);
  void forget(std::span<const RowId> rows);  ///< and their landings

  /// Calls `change` with the row and then writes it. Does nothing when the row does not exist. REQUIRES:
  /// `change` leaves UIDL and hashes as they are.
  template <typename Change>
  void change_row(RowId row, Change change) {
    if (auto message = tables_.messages.read(id(), row)) {
      mailbox_.messages.remove(message->sum);
      change(*message);
      mailbox_.messages.add(tables_.messages.update(id(), *message));
    }
  }

  void finish();  ///< writes the mailbox's own row

 private:
  MailboxId id() const noexcept { return mailbox_.mailbox.id; }

  Tables& tables_;
  MailboxRow mailbox_;
  RowId highest_row_;         ///< a row with a higher id is new, so it is not searched for
  std::set<RowId> new_rows_;  ///< made by this transaction, without landings so far
};

}  // namespace mailhaul::state
