// SPDX-License-Identifier: MIT
// Table `landings`: deliveries that are not complete.
#pragma once
#include <vector>

#include "state/checksum.h"
#include "state/rows.h"
#include "state/statement.h"

namespace mailhaul::state {

/// A landing's part of its mailbox's totals.
[[nodiscard]] std::uint64_t sum_of(MailboxId mailbox, const Landing& landing);

/// The statements on the table. A write needs a Transaction around it. One thread at a time.
class LandingTable {
 public:
  explicit LandingTable(Database& database) noexcept;

  /// By row and target. REQUIRES: the caller compares their sums with the mailbox's totals.
  [[nodiscard]] std::vector<Landing> all(MailboxId mailbox);
  [[nodiscard]] std::vector<Landing> of_row(MailboxId mailbox, RowId row);
  [[nodiscard]] std::vector<Landing> unfinished();  ///< of all mailboxes, unless delivered
  /// Inserts it, or replaces that of its row and target.
  void write(MailboxId mailbox, const Landing& landing);
  void remove(MailboxId mailbox, RowId row);

 private:
  Statement all_, of_row_, unfinished_, write_, remove_;
};

}  // namespace mailhaul::state
