// SPDX-License-Identifier: MIT
// What is behind a Store: its database, the statements it keeps, and what it remembers between calls.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "state/database.h"
#include "state/hash_index.h"
#include "state/statement.h"
#include "state/store.h"

namespace mailhaul::state {

struct Store::Connection {
  Connection(const util::Path& file, std::mutex& writes);

  Database database;
  std::string instance;

  /// Hashes of one mailbox, read at the first question for one.
  struct Hashes {
    MailboxId mailbox = 0;
    HashIndex headers, contents;
  };
  std::optional<Hashes> hashes;
  std::map<MailboxId, RowId> last_row;  ///< handed out by next_row()
  bool unsynced = false;                ///< a commit of ours waits for a flush
  bool inherited = true;                ///< what a process before us committed may not be flushed

  Hashes& hashes_of(MailboxId mailbox);
  std::optional<Row> row(MailboxId mailbox, RowId id);
  void flush(MailboxId mailbox);
  void note_commit(Durability durability);
  // Inside a transaction:
  void put(MailboxId mailbox, const Row& row);
  void forget(MailboxId mailbox, std::span<const RowId> rows);  ///< and their landings

  // Mailboxes and servers.
  Statement find_mailbox{database, "SELECT id FROM mailbox WHERE user = ?1 AND host = ?2 AND port = ?3"};
  Statement add_mailbox{database, "INSERT OR IGNORE INTO mailbox (user, host, port) VALUES (?1, ?2, ?3)"};
  Statement all_mailboxes{database, "SELECT id, user, host, port FROM mailbox ORDER BY id"};
  Statement read_server{database,
                        "SELECT login_method, one_by_one_until, border_breaks, refused_logins, not_before, "
                        "login_mark, failing_since, trouble_told FROM mailbox WHERE id = ?1"};
  Statement write_server{database,
                         "UPDATE mailbox SET login_method = ?2, one_by_one_until = ?3, border_breaks = ?4, "
                         "refused_logins = ?5, not_before = ?6, login_mark = ?7, failing_since = ?8, "
                         "trouble_told = ?9 WHERE id = ?1"};
  Statement all_told{database, "SELECT text FROM told WHERE mailbox = ?1"};
  Statement add_told{database, "INSERT OR IGNORE INTO told (mailbox, text) VALUES (?1, ?2)"};
  Statement count_flush{database, "UPDATE mailbox SET flushes = flushes + 1 WHERE id = ?1"};

  // Messages.
  Statement span_of_ids{database,
                        "SELECT (SELECT max(id) FROM message WHERE mailbox = ?1) - "
                        "(SELECT min(id) FROM message WHERE mailbox = ?1) + 1"};
  Statement summaries{database,
                      "SELECT id, standing, bytes, ordinal, suspect, told, delivered, due, uidl, failures "
                      "FROM message WHERE mailbox = ?1 ORDER BY id"};
  Statement one_row{database,
                    "SELECT id, standing, bytes, ordinal, suspect, told, delivered, due, uidl, gone, header, "
                    "content, failures FROM message WHERE mailbox = ?1 AND id = ?2"};
  Statement all_hashes{database, "SELECT id, header, content FROM message WHERE mailbox = ?1 ORDER BY id"};
  Statement highest_row{database,
                        "SELECT max(last_row, ifnull((SELECT max(id) FROM message WHERE mailbox = ?1), 0)) "
                        "FROM mailbox WHERE id = ?1"};
  // Not REPLACE: that deletes the old row first, and its landings with it. Who writes a row has seen it
  // listed.
  Statement put_row{database,
                    "INSERT INTO message (mailbox, id, standing, bytes, ordinal, suspect, told, delivered, "
                    "due, uidl, gone, header, content, failures) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
                    "ON CONFLICT (mailbox, id) DO UPDATE SET standing = ?3, bytes = ?4, ordinal = ?5, "
                    "suspect = ?6, told = ?7, delivered = ?8, due = ?9, uidl = ?10, gone = ?11, "
                    "header = ?12, content = ?13, failures = ?14, absent_days = 0, absent_since = NULL"};
  Statement note_delivery{database,
                          "UPDATE message SET standing = ?3, delivered = ?4, due = NULL, failures = 0 "
                          "WHERE mailbox = ?1 AND id = ?2"};
  Statement note_removal{database,
                         "UPDATE message SET standing = ?3, gone = ?4, absent_days = 0, absent_since = NULL "
                         "WHERE mailbox = ?1 AND id = ?2"};
  Statement keep_id{database, "UPDATE mailbox SET last_row = max(last_row, ?2) WHERE id = ?1"};
  Statement drop_row{database, "DELETE FROM message WHERE mailbox = ?1 AND id = ?2"};

  // Landings.
  Statement all_landings{database,
                         "SELECT row, target, ticket, state FROM landing WHERE mailbox = ?1 "
                         "ORDER BY row, target"};
  Statement unfinished_landings{
      database,
      "SELECT row, target, ticket, state FROM landing WHERE state <> ?1 ORDER BY mailbox, row, target"};
  Statement landings_of_row{database,
                            "SELECT row, target, ticket, state FROM landing "
                            "WHERE mailbox = ?1 AND row = ?2 ORDER BY target"};
  Statement rows_with_landings{database, "SELECT DISTINCT row FROM landing WHERE mailbox = ?1 ORDER BY row"};
  Statement put_landing{database,
                        "INSERT INTO landing (mailbox, row, target, ticket, state) "
                        "VALUES (?1, ?2, ?3, ?4, ?5) "
                        "ON CONFLICT (mailbox, row, target) DO UPDATE SET ticket = ?4, state = ?5"};
  Statement drop_landings{database, "DELETE FROM landing WHERE mailbox = ?1 AND row = ?2"};

  // Absence.
  Statement absent_day{database, "SELECT ifnull(absent_day, -1) FROM mailbox WHERE id = ?1"};
  Statement note_day{database, "UPDATE mailbox SET absent_day = ?2 WHERE id = ?1"};
  Statement stamped_rows{database,
                         "SELECT id, absent_days FROM message INDEXED BY absent "
                         "WHERE mailbox = ?1 AND absent_days > 0 ORDER BY id"};
  Statement stamp_row{database,
                      "UPDATE message SET absent_days = ?3, "
                      "absent_since = CASE ?3 WHEN 0 THEN NULL ELSE ifnull(absent_since, ?4) END "
                      "WHERE mailbox = ?1 AND id = ?2"};
  Statement stale_rows{database,
                       "SELECT id FROM message INDEXED BY absent "
                       "WHERE mailbox = ?1 AND absent_days > 0 AND absent_days >= ?2 "
                       "AND coalesce(gone, delivered, absent_since * 86400) < ?3 "
                       "AND NOT EXISTS (SELECT 1 FROM landing WHERE mailbox = ?1 AND row = message.id)"};
};

}  // namespace mailhaul::state
