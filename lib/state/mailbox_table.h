// SPDX-License-Identifier: MIT
// Table `mailboxes`, with what is known of its server, and table `told`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/checksum.h"
#include "state/statement.h"
#include "state/store.h"

namespace mailhaul::state {

/// One row of table `mailboxes`.
struct MailboxRow {
  Store::Mailbox mailbox;
  RowId last_row = 0;                      ///< the highest id among the rows that were forgotten
  std::optional<std::int64_t> absent_day;  ///< when absence was noted last, in days since 1970
  std::int64_t flushes = 0;                ///< counts the transactions that only flush
  RowTotals messages, landings;            ///< of its rows in the other tables
  Server server;
};

/// The statements on both tables. A mailbox has a checksum of its columns, except for those about its server.
/// A write needs a Transaction around it. One thread at a time.
class MailboxTable {
 public:
  explicit MailboxTable(Database& database) noexcept;

  /// Throws Error{storage} when the table and its index do not agree.
  [[nodiscard]] std::optional<MailboxId> find(std::string_view user, std::string_view host,
                                              std::uint16_t port);
  /// REQUIRES: find() has found none, in the same Transaction.
  MailboxId add(std::string_view user, std::string_view host, std::uint16_t port);
  void insert(const MailboxRow& row);                ///< with the id that it has
  [[nodiscard]] std::vector<MailboxId> ids();        ///< ascending
  [[nodiscard]] MailboxRow read(MailboxId mailbox);  ///< throws Error{storage} when it is missing or damaged
  /// Replaces what may change: all but id, user, host and port. REQUIRES: a row of this id is there.
  void write(const MailboxRow& row);
  void rename(const MailboxRow& row);  ///< the same, with user, host and port

  [[nodiscard]] std::vector<std::string> told(MailboxId mailbox);
  void add_told(MailboxId mailbox, std::string_view warning);  ///< unless it is there

 private:
  Database& database_;
  Statement find_, add_, insert_, ids_, read_, write_, rename_, told_, add_told_;
};

}  // namespace mailhaul::state
