// SPDX-License-Identifier: MIT
#include "state/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "state/database_file.h"
#include "state/schema.h"
#include "state/statement.h"
#include "util/error.h"

namespace mailhaul::state {

using util::Error;
using util::Kind;

namespace {

std::string cannot_write_hint(const util::Path& file) {
  const auto& name = file.native();
  return "the user who runs mailhaul must be able to write to " + name + ", " + name + "-wal, " + name +
         "-shm and their directory; --state FILE or XDG_STATE_HOME names another place";
}

}  // namespace

Database::Database(util::Path file, std::mutex& writes, std::chrono::milliseconds lock_timeout)
    : file_(std::move(file)), writes_(writes), lock_timeout_(lock_timeout) {
  // SQLite's memory statistics take a lock for every allocation, and nothing here uses them.
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
  try {
    check(code, "open");
    configure();
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() {
  if (condemned_) leave_journal();
  sqlite3_close_v2(handle_);
}

/// Closing the last connection copies the journal into the database. That must not happen after a failure,
/// since the journal in memory may differ from the one on the disk, and only a new process reads it with its
/// checksums. Nor must it happen when the database is damaged.
void Database::leave_journal() noexcept {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

/// None of this writes to a database that is in order.
void Database::configure() {
  if (sqlite3_db_readonly(handle_, "main") != 0) {
    throw Error(Kind::storage, "cannot write to the state database " + file_.native(),
                cannot_write_hint(file_));
  }
  check(sqlite3_busy_timeout(handle_, static_cast<int>(lock_timeout_.count())), "open");
  if (number("PRAGMA application_id") == application_id && text("PRAGMA journal_mode = WAL") != "wal") {
    throw Error(Kind::storage, "cannot keep a write-ahead log for the state database " + file_.native(),
                "name a file on another, local file system with --state FILE");
  }
  // Debian's SQLite overwrites deleted content with zeros, which doubles the writing and has no use here.
  // The cell size check lets SQLite notice damaged pages sooner.
  execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF; "
      "PRAGMA cell_size_check = ON");
}

void Database::execute(const char* sql) {
  require_sound();
  errno = 0;  // SQLite does not keep the errno of a failed COMMIT: see fail()
  check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), "write to");
}

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  auto row = statement.query();
  return row.next() ? row.integer(0) : 0;
}

std::string Database::text(const char* sql) {
  Statement statement(*this, sql);
  auto row = statement.query();
  return row.next() ? std::string(row.bytes(0)) : std::string();
}

/// With NORMAL a commit is written to the journal, but not flushed. A later commit with FULL flushes the
/// whole journal, and so does the beginning of a checkpoint with either setting. So a synced commit makes all
/// earlier ones durable, whichever connection made them.
void Database::set_durability(Durability durability) {
  if (durability == durability_) return;
  execute(durability == Durability::synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  durability_ = durability;
}

void Database::condemn() noexcept { condemned_ = true; }

void Database::require_sound() const {
  if (!condemned_) return;
  throw Error(Kind::storage,
              "the state database " + file_.native() + " cannot be used after a failure: " + failure_,
              advice_.empty() ? "the next run finds out what was completed and does the rest" : advice_);
}

void Database::check(int code, std::string_view doing) {
  if (code != SQLITE_OK) fail(code, doing);
}

namespace {

Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::temporary;
    case SQLITE_NOMEM:
      return Kind::os;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_TOOBIG:
      return Kind::storage;
    default:
      return Kind::internal;  // a constraint of the tables is not met: a bug
  }
}

/// `system`: the errno of what failed, or 0.
std::string hint_for(int primary, int system, const util::Path& file) {
  if (primary == SQLITE_FULL || system == ENOSPC || system == EDQUOT) {
    return "make room on the disk or in the quota, then run it again; nothing is lost";
  }
  if (primary == SQLITE_READONLY || system == EROFS || system == EACCES || system == EPERM) {
    return cannot_write_hint(file);
  }
  return {};
}

}  // namespace

Error Database::damage(std::string_view what) {
  leave_journal();
  return damaged(file_, what);
}

std::int64_t Database::version_now() noexcept {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle_, "PRAGMA user_version", -1, &statement, nullptr);
  const std::int64_t version = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  return version;
}

void Database::fail(int code, std::string_view doing) {
  const int system = errno;
  const int primary = code & 0xff;
  failure_ = sqlite3_errmsg(handle_);
  // SQLite uses this code for statements that do not fit the tables. As the statements are right, the tables
  // are damaged, unless a newer mailhaul has changed them in the meantime.
  if (primary == SQLITE_ERROR) refuse_newer(file_, version_now());
  // A value of a wrong type shows damage, too: it can only have been read from a damaged row.
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR ||
      code == SQLITE_CONSTRAINT_DATATYPE) {
    throw damage(failure_);
  }
  int reason = 0;
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) {
    const int kept = sqlite3_system_errno(handle_);
    reason = kept != 0 ? kept : system;
    if (reason != 0) failure_ += ": " + util::errno_text(reason);
  }
  std::string hint = hint_for(primary, reason, file_);
  if (primary == SQLITE_BUSY) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lock_timeout_).count();
    failure_ = "another program has locked it for " + std::to_string(seconds) + " s";
    hint = "find out who has it open: fuser -v " + file_.native();
  }
  advice_ = hint;
  throw Error(kind_of(code),
              "cannot " + std::string(doing) + " the state database " + file_.native() + ": " + failure_,
              hint);
}

std::string library_version() { return std::string("SQLite ") + sqlite3_libversion(); }

}  // namespace mailhaul::state
