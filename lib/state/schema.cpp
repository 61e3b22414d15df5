// SPDX-License-Identifier: MIT
#include "state/schema.h"

#include <sqlite3.h>

#include <array>
#include <memory>

#include "state/database.h"
#include "state/database_file.h"
#include "state/transaction.h"
#include "util/error.h"

namespace mailhaul::state {

namespace {

using util::Error;
using util::Kind;

// Rows of message stand in the order of their ids, so that a mailbox is read and grows in one stretch; the
// hashes come last, so that a poll, which has no use for them, never decodes them. There is no index on UIDL
// or hash: a poll reads the whole mailbox anyway, and 1,000,000 rows have to fit into 200 MB. `absent` holds
// only what was missing from the last listing.
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

/// migrations[n] leads from version n to version n + 1; never changed once released.
// Version 2: how often a message failed is counted apart from `suspect`, standing warnings that were told
// have a table. All tables are written anew: SQLite adds columns at the end only, and a row's light part
// comes first.
constexpr const char* version_2 = R"sql(
  ALTER TABLE landing RENAME TO old_landing;
  ALTER TABLE message RENAME TO old_message;
  ALTER TABLE mailbox RENAME TO old_mailbox;
  DROP INDEX absent;

  CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,                      -- part of file names: never given twice
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    last_row INTEGER NOT NULL DEFAULT 0,         -- of the rows that were forgotten: no id is given twice
    absent_day INTEGER,                          -- when absence was noted last, in days since 1970
    flushes INTEGER NOT NULL DEFAULT 0,          -- counts commits that only flush
    login_method TEXT NOT NULL DEFAULT '',
    one_by_one_until INTEGER,
    border_breaks INTEGER NOT NULL DEFAULT 0,
    refused_logins INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    login_mark TEXT NOT NULL DEFAULT '',
    failing_since INTEGER,
    trouble_told INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user, host, port)
  ) STRICT;
  INSERT INTO mailbox
    SELECT id, user, host, port, last_row, absent_day, flushes, rung, one_by_one_until, border_breaks,
           refused_logins, not_before, login_mark, failing_since, trouble_told
    FROM old_mailbox;

  CREATE TABLE told (                            -- standing warnings
    mailbox INTEGER NOT NULL REFERENCES mailbox (id),
    text TEXT NOT NULL,
    PRIMARY KEY (mailbox, text)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO told
    WITH RECURSIVE line (mailbox, text, rest) AS (
      SELECT id, '', told_places FROM old_mailbox
      UNION ALL
      SELECT mailbox, substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1)
      FROM line WHERE instr(rest, char(10)) > 0)
    SELECT mailbox, text FROM line WHERE text <> '';

  CREATE TABLE message (
    mailbox INTEGER NOT NULL REFERENCES mailbox (id),
    id INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    failures INTEGER NOT NULL,
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
  INSERT INTO message
    SELECT mailbox, id, standing, bytes, ordinal, suspect AND standing <> 0, suspect AND standing = 0, told,
           delivered, due, uidl, gone, absent_days, absent_since, header, content
    FROM old_message ORDER BY mailbox, id;
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
  INSERT INTO landing SELECT mailbox, row, target, state, ticket FROM old_landing;

  DROP TABLE old_landing;
  DROP TABLE old_message;
  DROP TABLE old_mailbox;
)sql";

constexpr std::array migrations{version_1, version_2};

std::string migration_to(std::size_t version) {
  return migrations.at(version - 1) + ("PRAGMA user_version = " + std::to_string(version) + ";");
}

}  // namespace

const std::int64_t schema_version = std::int64_t{migrations.size()};

std::string new_database_image() {
  std::string sql = "PRAGMA application_id = " + std::to_string(application_id) + "; BEGIN;";
  for (std::size_t version = 1; version <= migrations.size(); ++version) sql += migration_to(version);
  sql += "COMMIT; VACUUM;";
  sqlite3* opened = nullptr;
  const int result = sqlite3_open(":memory:", &opened);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> memory(opened, sqlite3_close_v2);
  if (result != SQLITE_OK || sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw Error(Kind::internal, std::string("cannot lay out the state database: ") + sqlite3_errmsg(opened));
  }
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(sqlite3_serialize(opened, "main", &size, 0),
                                                              sqlite3_free);
  if (!bytes) throw Error(Kind::os, "cannot lay out the state database: out of memory");
  std::string image(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
  // File format versions for writing and reading (SQLite's file format, 1.3.3): 2 is WAL. A database that is
  // born so needs no switching, which two processes could not do at once.
  image.at(18) = image.at(19) = 2;
  return image;
}

void migrate(Database& database) {
  if (database.number("PRAGMA application_id") != application_id) {
    throw Error(Kind::storage, database.file().native() + " is the database of another program",
                "name a file of mailhaul's own with --state FILE");
  }
  std::int64_t version = database.number("PRAGMA user_version");
  if (version > schema_version) {
    throw Error(Kind::storage,
                "the state database " + database.file().native() +
                    " was written by a newer mailhaul (version " + std::to_string(version) +
                    " of its tables, this one knows " + std::to_string(schema_version) + ")",
                "use the newer mailhaul, or name another file with --state FILE");
  }
  if (version == schema_version) return;
  Transaction transaction(database, Durability::synced);
  version = database.number("PRAGMA user_version");  // another process may have been at it
  if (version < 1) throw damaged(database.file(), "it has no version");
  while (version < schema_version) {
    ++version;
    database.execute(migration_to(static_cast<std::size_t>(version)).c_str());
  }
  transaction.commit();
}

}  // namespace mailhaul::state
