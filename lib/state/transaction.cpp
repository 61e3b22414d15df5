// SPDX-License-Identifier: MIT
#include "state/transaction.h"

#include <sqlite3.h>

#include "state/database.h"

namespace mailhaul::state {

Transaction::Transaction(Database& database, Durability durability)
    : database_(database), turn_(database.writes()) {
  database_.set_durability(durability);
  // Takes the lock here, where it is harmless to wait, and not at the first write or at COMMIT.
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (committed_) return;
  database_.condemn();
  // Releases the lock. After a failed COMMIT SQLite has already done this.
  sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  committed_ = true;
}

Snapshot::Snapshot(Database& database)
    : database_(database), outermost_(sqlite3_get_autocommit(database.handle()) != 0) {
  if (outermost_) database_.execute("BEGIN");
}

Snapshot::~Snapshot() {
  // Nothing was written: this only ends the read transaction.
  if (outermost_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace mailhaul::state
