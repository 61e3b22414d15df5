// SPDX-License-Identifier: MIT
// What is behind a Store: its database, the tables, and what it remembers between calls.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>

#include "state/database.h"
#include "state/landing_table.h"
#include "state/mailbox_table.h"
#include "state/message_table.h"
#include "state/store.h"

namespace mailhaul::state {

struct Store::Connection {
  Connection(const util::Path& file, std::mutex& writes);

  Database database;
  std::string instance;
  MailboxTable mailboxes{database};
  MessageTable messages{database};
  LandingTable landings{database};

  std::optional<HashIndexes> hashes;    ///< of the mailbox that was asked for last
  std::map<MailboxId, RowId> last_row;  ///< handed out by next_row()
  bool unsynced = false;                ///< a commit of ours waits for a flush
  bool inherited = true;                ///< what a process before us committed may not be flushed

  HashIndexes& hashes_of(MailboxId mailbox);
  /// Throws Error{storage} when there is no such mailbox.
  MailboxRow mailbox(MailboxId mailbox);
  void flush(MailboxId mailbox);
  void note_commit(Durability durability);

  // REQUIRES for the following: a Transaction is open.

  void put(MailboxId mailbox, const Row& row);  ///< counts as listed: no days of absence
  /// Changes one row that is there; nothing when there is none.
  template <typename Change>
  void change_row(MailboxId mailbox, RowId row, Change change);
  void forget(MailboxId mailbox, std::span<const RowId> rows);  ///< and their landings
};

template <typename Change>
void Store::Connection::change_row(MailboxId mailbox, RowId row, Change change) {
  if (auto message = messages.read(mailbox, row)) {
    change(*message);
    messages.write(mailbox, *message);
  }
}

}  // namespace mailhaul::state
