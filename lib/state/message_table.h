// SPDX-License-Identifier: MIT
// Table `messages`: what is known of each message.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "state/checksum.h"
#include "state/hash_index.h"
#include "state/mailbox_rows.h"
#include "state/rows.h"
#include "state/statement.h"

namespace mailhaul::state {

/// One row of table `messages`.
struct MessageRow {
  Row row;
  std::int64_t absent_days = 0;              ///< days on which it was not listed, since it was listed last
  std::optional<std::int64_t> absent_since;  ///< the first of these days, in days since 1970
  std::uint64_t sum = 0;                     ///< its part of the mailbox's totals; set by read()
};

/// All rows of a mailbox, without their hashes.
struct Summaries {
  MailboxRows rows;
  RowTotals totals;
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
  void add(std::span<const Row> rows);
};

/// The statements on the table. Each row has a checksum of all its columns. Functions that read whole rows
/// throw Error{storage} when it is wrong. A write needs a Transaction around it. One thread at a time.
class MessageTable {
 public:
  explicit MessageTable(Database& database) noexcept;

  [[nodiscard]] std::optional<MessageRow> read(MailboxId mailbox, RowId row);
  /// True if a row of the mailbox has this id. Reads all rows: meant for an id that read() has not found.
  [[nodiscard]] bool has(MailboxId mailbox, RowId row);
  /// Inserts it, or replaces the row of its id. Returns its part of the mailbox's totals.
  [[nodiscard]] std::uint64_t write(MailboxId mailbox, const MessageRow& message);
  /// Writes all columns of an existing row except UIDL, hashes, received_bytes and remade, in half the time
  /// of write(). REQUIRES: the caller has not changed the excepted columns.
  [[nodiscard]] std::uint64_t update(MailboxId mailbox, const MessageRow& message);
  void remove(MailboxId mailbox, RowId row);  ///< and its landings

  /// All rows; has_landings is not set. REQUIRES: the caller compares the totals with the mailbox's.
  [[nodiscard]] Summaries summaries(MailboxId mailbox);
  [[nodiscard]] HashIndexes hashes(MailboxId mailbox);
  /// Calls `visit` with each row, by id. Returns the totals, which show whether rows are missing.
  RowTotals visit(MailboxId mailbox, const std::function<void(const Row&)>& visit);
  [[nodiscard]] std::size_t count_at_most(MailboxId mailbox);  ///< from the lowest and the highest id
  [[nodiscard]] RowId highest_row(MailboxId mailbox);          ///< 0 when there is none

  [[nodiscard]] std::vector<AbsentRow> absent(MailboxId mailbox);  ///< by row
  /// Rows without landings that were absent on `days` days or more, if their first absence, their delivery
  /// and their removal are all earlier than `before`.
  [[nodiscard]] std::vector<RowId> absent_for(MailboxId mailbox, std::int64_t days, Time before);

 private:
  MessageRow checked(MailboxId mailbox, const Cursor& stored) const;

  Database& database_;
  Statement read_, has_, write_, update_, remove_, summaries_, all_, span_, highest_, absent_, absent_for_;
};

}  // namespace mailhaul::state
