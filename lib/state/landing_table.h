// SPDX-License-Identifier: MIT
// Table `landing`: deliveries that are not complete.
#pragma once
#include <vector>

#include "state/rows.h"
#include "state/statement.h"

namespace mailhaul::state {

/// The statements on the table. A write needs a Transaction around it. One thread at a time.
class LandingTable {
 public:
  explicit LandingTable(Database& database) noexcept;

  [[nodiscard]] std::vector<Landing> all(MailboxId mailbox);  ///< by row and target
  [[nodiscard]] std::vector<Landing> of_row(MailboxId mailbox, RowId row);
  [[nodiscard]] std::vector<Landing> unfinished();           ///< of all mailboxes, unless delivered
  [[nodiscard]] std::vector<RowId> rows(MailboxId mailbox);  ///< that have any; ascending
  void write(MailboxId mailbox,
             const Landing& landing);  ///< inserts it, or replaces that of its row and target
  void remove(MailboxId mailbox, RowId row);

 private:
  Statement all_, of_row_, unfinished_, rows_, write_, remove_;
};

}  // namespace mailhaul::state
