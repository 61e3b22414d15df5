// SPDX-License-Identifier: MIT
#include "state/inspect.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "state/database_file.h"
#include "state/schema.h"
#include "util/percent.h"

namespace mailhaul::state {

namespace {

using util::Error;
using util::Kind;

constexpr std::int64_t first_with_mailboxes = 2;  // version of the tables

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A database that nobody writes to, in SQLite's immutable mode: without lock, journal and shared memory.
class Still {
 public:
  explicit Still(const util::Path& file) : file_(file) {
    sqlite3* opened = nullptr;
    const auto name = "file:" + util::percent_encode(file.native(), "/") + "?immutable=1";
    const int code = sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) fail();
  }

  /// Calls `take` with each row.
  template <typename Take>
  void each(const char* sql, Take take) const {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr);
    const std::unique_ptr<sqlite3_stmt, Close> statement(prepared);
    if (code != SQLITE_OK) fail();
    int step = sqlite3_step(prepared);
    for (; step == SQLITE_ROW; step = sqlite3_step(prepared)) take(prepared);
    if (step != SQLITE_DONE) fail();
  }

  std::int64_t number(const char* sql) const {
    std::int64_t value = 0;
    each(sql, [&](sqlite3_stmt* row) { value = sqlite3_column_int64(row, 0); });
    return value;
  }

 private:
  [[noreturn]] void fail() const { throw damaged(file_, sqlite3_errmsg(database_.get())); }

  const util::Path& file_;
  std::unique_ptr<sqlite3, Close> database_;
};

std::string text_of(sqlite3_stmt* row, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  return bytes == nullptr ? std::string()
                          : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

constexpr const char* mailboxes_sql =
    "SELECT user, host, port, refused_logins, CASE WHEN length(login_mark) > 0 THEN not_before END "
    "FROM mailboxes ORDER BY id";
struct Column {
  enum : int { user, host, port, refused_logins, not_before };
};

InspectedMailbox mailbox_in(sqlite3_stmt* row) {
  InspectedMailbox mailbox{
      .user = text_of(row, Column::user),
      .host = text_of(row, Column::host),
      .port = static_cast<std::uint16_t>(sqlite3_column_int(row, Column::port)),
      .refused_logins = static_cast<std::uint32_t>(sqlite3_column_int64(row, Column::refused_logins)),
      .not_before = std::nullopt};
  if (sqlite3_column_type(row, Column::not_before) != SQLITE_NULL)
    mailbox.not_before = Time(std::chrono::seconds(sqlite3_column_int64(row, Column::not_before)));
  return mailbox;
}

bool has_content(const util::Path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

void read(const util::Path& file, Inspection& inspection) {
  const Still database(file);
  std::string found;
  database.each("PRAGMA integrity_check(1)", [&](sqlite3_stmt* row) { found = text_of(row, 0); });
  if (found != "ok") throw damaged(file, found);
  if (database.number("PRAGMA application_id") != application_id)
    throw Error(Kind::storage, file.native() + " is the database of another program",
                "name another file with --state FILE");
  inspection.version = database.number("PRAGMA user_version");
  refuse_newer(file, inspection.version);
  if (inspection.version < first_with_mailboxes) return;
  database.each(mailboxes_sql, [&](sqlite3_stmt* row) { inspection.mailboxes.push_back(mailbox_in(row)); });
}

}  // namespace

Inspection inspect(const util::Path& named) {
  Inspection inspection;
  const auto file = real_path(named);
  auto journal = file;
  journal += "-wal";
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR)
      util::throw_errno(Kind::storage, "read the attributes of", file.native());
    if (has_content(journal)) throw orphaned_journal(file);
    return inspection;
  }
  inspection.exists = true;
  if (!S_ISREG(info.st_mode))
    throw Error(Kind::config, "the state database " + file.native() + " is not a regular file",
                "name another one with --state FILE");
  inspection.bytes = static_cast<std::uint64_t>(info.st_size);
  if (::faccessat(AT_FDCWD, file.c_str(), R_OK | W_OK, AT_EACCESS) != 0)
    util::throw_errno(Kind::storage, "write to", file.native());
  if (info.st_size < 4096) throw damaged(file, info.st_size == 0 ? "it is empty" : "it is cut short");
  inspection.has_journal = has_content(journal);
  if (!inspection.has_journal) read(file, inspection);
  return inspection;
}

}  // namespace mailhaul::state
