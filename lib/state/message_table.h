// SPDX-License-Identifier: MIT
// Table `message`: what is known of each message.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "state/hash_index.h"
#include "state/mailbox_rows.h"
#include "state/rows.h"
#include "state/statement.h"

namespace mailhaul::state {

/// One row of table `message`.
struct MessageRow {
  Row row;
  std::int64_t absent_days = 0;              ///< days on which no listing had it, since one had it last
  std::optional<std::int64_t> absent_since;  ///< the first of these days, in days since 1970
};

/// A row that counts days of absence.
struct AbsentRow {
  RowId row = 0;
  std::int64_t days = 0;
};

/// The hashes of one mailbox.
struct HashIndexes {
  MailboxId mailbox = 0;
  HashIndex headers, contents;
};

/// The statements on the table. A write needs a Transaction around it. One thread at a time.
class MessageTable {
 public:
  explicit MessageTable(Database& database) noexcept;

  [[nodiscard]] std::optional<MessageRow> read(MailboxId mailbox, RowId row);
  void write(MailboxId mailbox, const MessageRow& message);  ///< inserts it, or replaces the row of its id
  void remove(MailboxId mailbox, RowId row);                 ///< and its landings

  [[nodiscard]] MailboxRows summaries(MailboxId mailbox);  ///< of all rows; has_landings is not set
  [[nodiscard]] HashIndexes hashes(MailboxId mailbox);
  [[nodiscard]] std::size_t count_at_most(MailboxId mailbox);  ///< from the lowest and the highest id
  [[nodiscard]] RowId highest_row(MailboxId mailbox);          ///< 0 when there is none

  [[nodiscard]] std::vector<AbsentRow> absent(MailboxId mailbox);  ///< by row
  /// Rows without landings that were absent on `days` days or more, and were removed, or else delivered, or
  /// else first absent, before `before`.
  [[nodiscard]] std::vector<RowId> absent_for(MailboxId mailbox, std::int64_t days, Time before);

 private:
  Statement read_, write_, remove_, summaries_, hashes_, span_, highest_, absent_, absent_for_;
};

}  // namespace mailhaul::state
