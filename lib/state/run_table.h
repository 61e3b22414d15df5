// SPDX-License-Identifier: MIT
// Table `runs`: how the last run of each mailbox ended.
#pragma once
#include <optional>

#include "state/statement.h"

namespace mailhaul::state {

/// The statements on the table. A write needs a Transaction around it. One thread at a time.
class RunTable {
 public:
  explicit RunTable(Database& database) noexcept;

  [[nodiscard]] std::optional<LastRun> read(MailboxId mailbox);
  void write(MailboxId mailbox, const LastRun& run);  ///< inserts or replaces it

 private:
  Statement read_, write_;
};

}  // namespace mailhaul::state
