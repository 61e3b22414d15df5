// SPDX-License-Identifier: MIT
// What is behind a Store: its database, the tables, and what it remembers between calls.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "state/database.h"
#include "state/mailbox_writer.h"
#include "state/run_table.h"
#include "state/store.h"

namespace mailhaul::state {

struct Store::Connection {
  Connection(const util::Path& file, std::mutex& writes);

  Database database;
  std::string instance;
  Tables tables{database};
  RunTable runs{database};

  std::optional<HashIndexes> hashes;    ///< of the mailbox that was asked for last
  std::map<MailboxId, RowId> last_row;  ///< handed out by next_row()
  bool unsynced = false;                ///< this process has committed something that is not flushed
  bool inherited = true;                ///< an earlier process may have left commits that are not flushed

  HashIndexes& hashes_of(MailboxId mailbox);
  /// Throws Error{storage} unless the rows that are stored are those that were written.
  void require_whole(const RowTotals& stored, const RowTotals& written);
  void flush(MailboxId mailbox);
  void note_commit(Durability durability);
};

}  // namespace mailhaul::state
