// SPDX-License-Identifier: MIT
// Table `mailbox`, with what is known of its server, and table `told`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/statement.h"
#include "state/store.h"

namespace mailhaul::state {

/// One row of table `mailbox`.
struct MailboxRow {
  Store::Mailbox mailbox;
  RowId last_row = 0;                      ///< the highest id among the rows that were forgotten
  std::optional<std::int64_t> absent_day;  ///< when absence was noted last, in days since 1970
  std::int64_t flushes = 0;                ///< counts the transactions that only flush
  Server server;
};

/// The statements on both tables. A write needs a Transaction around it. One thread at a time.
class MailboxTable {
 public:
  explicit MailboxTable(Database& database) noexcept;

  [[nodiscard]] std::optional<MailboxId> find(std::string_view user, std::string_view host,
                                              std::uint16_t port);
  void add(std::string_view user, std::string_view host, std::uint16_t port);  ///< unless it is there
  [[nodiscard]] std::vector<MailboxId> ids();                                  ///< ascending
  [[nodiscard]] std::optional<MailboxRow> read(MailboxId mailbox);
  /// Replaces what may change: all but id, user, host and port. REQUIRES: a row of this id is there.
  void write(const MailboxRow& row);

  [[nodiscard]] std::vector<std::string> told(MailboxId mailbox);
  void add_told(MailboxId mailbox, std::string_view warning);  ///< unless it is there

 private:
  Statement find_, add_, ids_, read_, write_, told_, add_told_;
};

}  // namespace mailhaul::state
