// SPDX-License-Identifier: MIT
#pragma once
#include <mutex>

#include "state/rows.h"

namespace mailhaul::state {

class Database;

/// A writing transaction. Left without commit(), or with one that failed, it condemns the database: whether
/// it took place is then for a new process to find out.
class Transaction {
 public:
  /// Waits for other writers. Throws Error{temporary} when they take too long; nothing has begun then.
  Transaction(Database& database, Durability durability);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();  ///< durable afterwards, if it is a synced one

 private:
  Database& database_;
  std::unique_lock<std::mutex> turn_;
  bool committed_ = false;
};

/// What is read as long as it lives is of one moment, whatever others write meanwhile. May be nested.
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
