// SPDX-License-Identifier: MIT
// One connection to SQLite, opened as LAW section 6 says. SQLite's errors become util::Error.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "state/rows.h"
#include "util/error.h"
#include "util/file.h"

struct sqlite3;

namespace mailhaul::state {

/// An open database. One thread at a time.
class Database {
 public:
  /// Opens an existing file (see provide_file). A writer waits up to `lock_timeout` for another connection.
  /// Throws Error{storage}; Error{temporary} when another connection keeps it locked.
  Database(util::Path file, std::mutex& writes,
           std::chrono::milliseconds lock_timeout = std::chrono::seconds(30));
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  void execute(const char* sql);               ///< one or several statements without parameters
  std::int64_t number(const char* sql);        ///< the first column of the first row; 0 when there is none
  std::string text(const char* sql);           ///< the same, as text
  void set_durability(Durability durability);  ///< of the following transactions

  /// To be called after a failed transaction: every later use of this connection throws Error{storage}.
  void condemn() noexcept;
  void require_sound() const;  ///< throws Error{storage} after condemn()
  /// Throws the error that a result code of SQLite means: Error{storage}, but Error{temporary} when another
  /// connection holds the lock.
  [[noreturn]] void fail(int code, std::string_view doing);

  /// The error for a damaged database. After this call, closing the database leaves the file as it is.
  [[nodiscard]] util::Error damage(std::string_view what);

  sqlite3* handle() const noexcept { return handle_; }
  std::mutex& writes() const noexcept { return writes_; }
  const util::Path& file() const noexcept { return file_; }

 private:
  void check(int code, std::string_view doing);
  void configure();
  void leave_journal() noexcept;
  std::int64_t version_now() noexcept;

  util::Path file_;
  std::mutex& writes_;
  std::chrono::milliseconds lock_timeout_;
  sqlite3* handle_ = nullptr;
  Durability durability_ = Durability::synced;
  bool condemned_ = false;
  std::string failure_ = "a transaction was not completed";  ///< the last one, as text
  std::string advice_;                                       ///< what to do about it; may be empty
};

}  // namespace mailhaul::state
