// SPDX-License-Identifier: MIT
#pragma once
#include <mutex>

#include "state/rows.h"

namespace mailhaul::state {

class Database;

/// A transaction that writes. Without a successful commit() the destructor condemns the database: only a new
/// process can find out whether the transaction took place.
class Transaction {
 public:
  /// Waits for other writers. Throws Error{temporary} when they take too long: then nothing has begun.
  Transaction(Database& database, Durability durability);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();  ///< what was written is durable afterwards, if the transaction is synced

 private:
  Database& database_;
  std::unique_lock<std::mutex> turn_;
  bool committed_ = false;
};

/// While it exists, all reads show the database as it was at one moment, even if others write. May be nested.
class Snapshot {
 public:
  explicit Snapshot(Database& database);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  Database& database_;
  bool outermost_;
};

}  // namespace mailhaul::state
