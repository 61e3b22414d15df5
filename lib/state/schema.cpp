// SPDX-License-Identifier: MIT
#include "state/schema.h"

#include <sqlite3.h>

#include <array>
#include <memory>

#include "state/database.h"
#include "state/migration_2.h"
#include "state/migration_3.h"
#include "state/migration_4.h"
#include "state/migration_5.h"
#include "state/transaction.h"
#include "util/error.h"

namespace mailhaul::state {

namespace {

using util::Error;
using util::Kind;

// In all versions the messages are in the order of mailbox and id, so that those of a mailbox are together.
// The hashes are the last columns, since a poll does not need them and SQLite decodes a row from its
// beginning. There is no index on UIDL or hash: a poll reads the whole mailbox anyway, and 1,000,000 rows
// have to fit into 200 MB. The index `absent` holds only rows that were missing from the last listing.
constexpr const char* version_1 = R"sql(
  CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    last_row INTEGER NOT NULL DEFAULT 0,         -- of the rows that were forgotten: no id is given twice
    absent_day INTEGER,                          -- when absence was noted last, in days since 1970
    flushes INTEGER NOT NULL DEFAULT 0,          -- counts commits that only flush
    rung TEXT NOT NULL DEFAULT '',
    one_by_one_until INTEGER,
    border_breaks INTEGER NOT NULL DEFAULT 0,
    refused_logins INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    login_mark TEXT NOT NULL DEFAULT '',
    failing_since INTEGER,
    trouble_told INTEGER NOT NULL DEFAULT 0,
    told_places TEXT NOT NULL DEFAULT '',
    UNIQUE (user, host, port)
  ) STRICT;

  CREATE TABLE message (
    mailbox INTEGER NOT NULL REFERENCES mailbox (id),
    id INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    told INTEGER NOT NULL,
    delivered INTEGER,
    due INTEGER,
    uidl BLOB NOT NULL,
    gone INTEGER,
    absent_days INTEGER NOT NULL DEFAULT 0,
    absent_since INTEGER,                        -- in days since 1970
    header BLOB,
    content BLOB,
    PRIMARY KEY (mailbox, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX absent ON message (mailbox, id) WHERE absent_days > 0;

  CREATE TABLE landing (
    mailbox INTEGER NOT NULL,
    row INTEGER NOT NULL,
    target BLOB NOT NULL,
    state INTEGER NOT NULL,
    ticket BLOB NOT NULL,
    PRIMARY KEY (mailbox, row, target),
    FOREIGN KEY (mailbox, row) REFERENCES message (mailbox, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
)sql";

/// How a version is made from the one before. A migration is not changed after its release, but
/// make_version_2 also creates the columns of later versions.
struct Migration {
  const char* begin;
  void (*copy)(Database&);  ///< copies the content of the tables; null: there is none
  const char* end;
};
const std::array migrations{Migration{version_1, nullptr, ""},
                            Migration{make_version_2, copy_to_version_2, leave_version_1},
                            Migration{"", complete_version_3, ""}, Migration{make_version_4, nullptr, ""},
                            Migration{make_version_5, complete_version_5, ""}};

}  // namespace

const std::int64_t schema_version = std::int64_t{migrations.size()};

std::string new_database_bytes() {
  std::string sql = "PRAGMA application_id = " + std::to_string(application_id) +
                    "; PRAGMA user_version = " + std::to_string(migrations.size()) + "; BEGIN;";
  for (const auto& migration : migrations) sql += std::string(migration.begin) + migration.end;
  sql += "COMMIT; VACUUM;";
  sqlite3* opened = nullptr;
  const int result = sqlite3_open(":memory:", &opened);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> memory(opened, sqlite3_close_v2);
  if (result != SQLITE_OK || sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw Error(Kind::internal,
                std::string("cannot create the tables of the state database: ") + sqlite3_errmsg(opened));
  }
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(sqlite3_serialize(opened, "main", &size, 0),
                                                              sqlite3_free);
  if (!bytes) throw Error(Kind::os, "cannot create the tables of the state database: out of memory");
  std::string image(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
  // The file format versions for writing and reading (SQLite's file format, 1.3.3): 2 is WAL. A new database
  // that has them need not be switched to WAL, which two processes could not do at the same time.
  image.at(18) = image.at(19) = 2;
  return image;
}

void refuse_newer(const util::Path& file, std::int64_t version) {
  if (version <= schema_version) return;
  throw Error(Kind::storage,
              "the state database " + file.native() +
                  " was written by a newer mailhaul (its tables have version " + std::to_string(version) +
                  "; this mailhaul knows versions up to " + std::to_string(schema_version) + ")",
              "use the newer mailhaul, or name another file with --state FILE");
}

void migrate(Database& database) {
  if (database.number("PRAGMA application_id") != application_id) {
    throw Error(Kind::storage, database.file().native() + " is the database of another program",
                "name another file with --state FILE");
  }
  std::int64_t version = database.number("PRAGMA user_version");
  refuse_newer(database.file(), version);
  if (version == schema_version) return;
  Transaction transaction(database, Durability::synced);
  version = database.number("PRAGMA user_version");  // another process may have migrated it
  if (version < 1) throw database.damage("it has no version");
  while (version < schema_version) {
    const Migration& migration = migrations.at(static_cast<std::size_t>(version));
    database.execute(migration.begin);
    if (migration.copy != nullptr) migration.copy(database);
    database.execute(migration.end);
    ++version;
    database.execute(("PRAGMA user_version = " + std::to_string(version)).c_str());
  }
  transaction.commit();
}

}  // namespace mailhaul::state
