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

/// Messages whose ids follow each other.
struct RowRange {
  RowId first = 0, last = 0;
};

/// The statements on the table. A write needs a Transaction around it. One thread at a time.
class LandingTable {
 public:
  explicit LandingTable(Database& database) noexcept;

  /// All landings, by row and target. REQUIRES: the caller compares their sums with the mailbox's totals.
  [[nodiscard]] std::vector<Landing> all(MailboxId mailbox);
  [[nodiscard]] std::vector<Landing> of_rows(MailboxId mailbox, RowRange rows);
  [[nodiscard]] std::vector<Landing> unfinished();  ///< of all mailboxes, unless delivered
  /// Inserts the landing, or replaces the one with the same row and target.
  void write(MailboxId mailbox, const Landing& landing);
  void remove(MailboxId mailbox, RowRange rows);

 private:
  Statement all_, of_rows_, unfinished_, write_, remove_;
};

}  // namespace mailhaul::state
