// SPDX-License-Identifier: MIT
#include "state/migration_2.h"

#include <sstream>
#include <string>

#include "state/database.h"
#include "state/instance.h"
#include "state/mailbox_writer.h"

namespace mailhaul::state {

// In version 2, failures are counted apart from `suspect`, a table has the lasting warnings that were shown,
// and everything that mail depends on has checksums. The tables are new, because SQLite adds columns only at
// the end of a row, and what a poll reads has to come first. They have new names, so that a process of
// version 1 that still has the database open cannot write to them.
const char* const make_version_2 = R"sql(
  DROP INDEX absent;

  CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY,                      -- part of file names: never given twice
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    last_row INTEGER NOT NULL DEFAULT 0,         -- of the rows that were forgotten: no id is given twice
    absent_day INTEGER,                          -- when absence was noted last, in days since 1970
    flushes INTEGER NOT NULL DEFAULT 0,          -- counts commits that only flush
    messages INTEGER NOT NULL DEFAULT 0,         -- how many rows it has in messages,
    messages_sum INTEGER NOT NULL DEFAULT 0,     -- and the sum of their checksums
    landings INTEGER NOT NULL DEFAULT 0,         -- the same for landings
    landings_sum INTEGER NOT NULL DEFAULT 0,
    login_method TEXT NOT NULL DEFAULT '',
    one_by_one_until INTEGER,
    border_breaks INTEGER NOT NULL DEFAULT 0,
    refused_logins INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    login_mark TEXT NOT NULL DEFAULT '',
    failing_since INTEGER,
    trouble_told INTEGER NOT NULL DEFAULT 0,     -- when, or 0
    told_status INTEGER NOT NULL DEFAULT 0,      -- the exit status that it meant, or 0
    sizes_are_off INTEGER NOT NULL DEFAULT 0,
    "check" INTEGER NOT NULL DEFAULT 0,          -- checksum of what mail depends on
    UNIQUE (user, host, port)
  ) STRICT;

  CREATE TABLE told (                            -- lasting warnings
    mailbox INTEGER NOT NULL REFERENCES mailboxes (id),
    text TEXT NOT NULL,
    PRIMARY KEY (mailbox, text)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE messages (
    mailbox INTEGER NOT NULL REFERENCES mailboxes (id),
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
    "check" INTEGER NOT NULL,                    -- checksum of the whole row
    gone INTEGER,
    absent_days INTEGER NOT NULL DEFAULT 0,
    absent_since INTEGER,                        -- in days since 1970
    header BLOB,
    content BLOB,
    received_bytes INTEGER NOT NULL DEFAULT 0,
    remade INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX absent ON messages (mailbox, id) WHERE absent_days > 0;

  CREATE TABLE landings (
    mailbox INTEGER NOT NULL,
    row INTEGER NOT NULL,
    target BLOB NOT NULL,
    state INTEGER NOT NULL,
    ticket BLOB NOT NULL,
    PRIMARY KEY (mailbox, row, target),
    FOREIGN KEY (mailbox, row) REFERENCES messages (mailbox, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
)sql";

const char* const leave_version_1 = R"sql(
  DROP TABLE landing;
  DROP TABLE message;
  DROP TABLE mailbox;
)sql";

namespace {

constexpr const char* old_mailboxes =
    "SELECT id, user, host, port, last_row, absent_day, flushes, rung, one_by_one_until, border_breaks, "
    "refused_logins, not_before, login_mark, failing_since, trouble_told, told_places FROM mailbox ORDER "
    "BY id";
struct OldMailboxColumn {
  enum : int {
    id,
    user,
    host,
    port,
    last_row,
    absent_day,
    flushes,
    rung,
    one_by_one_until,
    border_breaks,
    refused_logins,
    not_before,
    login_mark,
    failing_since,
    trouble_told,
    told_places
  };
};

constexpr const char* old_messages =
    "SELECT id, standing, bytes, ordinal, suspect, told, delivered, due, uidl, gone, absent_days, "
    "absent_since FROM message WHERE mailbox = ?1 ORDER BY id";
struct OldMessageColumn {
  enum : int {
    id,
    standing,
    bytes,
    ordinal,
    suspect,
    told,
    delivered,
    due,
    uidl,
    gone,
    absent_days,
    absent_since
  };
};

constexpr const char* old_landings =
    "SELECT row, target, state, ticket FROM landing WHERE mailbox = ?1 ORDER BY row, target";
struct OldLandingColumn {
  enum : int { row, target, state, ticket };
};

MailboxRow old_mailbox(const Cursor& stored) {
  using Column = OldMailboxColumn;
  return {.mailbox = {.id = stored.integer(Column::id),
                      .user = std::string(stored.bytes(Column::user)),
                      .host = std::string(stored.bytes(Column::host)),
                      .port = stored.number<std::uint16_t>(Column::port)},
          .last_row = stored.integer(Column::last_row),
          .absent_day = stored.optional_integer(Column::absent_day),
          .flushes = stored.integer(Column::flushes),
          .server = {.login_method = std::string(stored.bytes(Column::rung)),
                     .one_by_one_until = stored.time(Column::one_by_one_until),
                     .border_breaks = stored.number<std::uint32_t>(Column::border_breaks),
                     .refused_logins = stored.number<std::uint32_t>(Column::refused_logins),
                     .not_before = stored.time(Column::not_before),
                     .login_mark = std::string(stored.bytes(Column::login_mark)),
                     .failing_since = stored.time(Column::failing_since),
                     .trouble_told = stored.flag(Column::trouble_told) ? stored.time(Column::failing_since)
                                                                       : std::nullopt}};
}

/// The hashes are left out, because they cover other bytes of a message now. A row is known by UIDL and size
/// until its message is read again.
MessageRow old_message(const Cursor& stored) {
  using Column = OldMessageColumn;
  const auto standing = stored.choice(Column::standing, Standing::gone);
  const bool marked = stored.flag(Column::suspect);
  const bool pending = standing == Standing::pending;
  return {.row = {.id = stored.integer(Column::id),
                  .standing = standing,
                  .uidl = std::string(stored.bytes(Column::uidl)),
                  .bytes = stored.number<std::uint64_t>(Column::bytes),
                  .header = {},
                  .content = {},
                  .ordinal = stored.number<std::uint32_t>(Column::ordinal),
                  .delivered = stored.time(Column::delivered),
                  .gone = stored.time(Column::gone),
                  .due = stored.time(Column::due),
                  .suspect = marked && !pending,
                  .failures = marked && pending ? 1U : 0U,
                  .told = stored.flag(Column::told)},
          .absent_days = stored.integer(Column::absent_days),
          .absent_since = stored.optional_integer(Column::absent_since)};
}

Landing old_landing(const Cursor& stored) {
  using Column = OldLandingColumn;
  return {.row = stored.integer(Column::row),
          .target = std::string(stored.bytes(Column::target)),
          .ticket = std::string(stored.bytes(Column::ticket)),
          .state = stored.choice(Column::state, LandingState::doubt)};
}

}  // namespace

void copy_to_version_2(Database& database) {
  add_instance_check(database);
  Tables tables(database);
  Statement mailboxes(database, old_mailboxes), messages(database, old_messages),
      landings(database, old_landings);
  auto stored = mailboxes.query();
  while (stored.next()) {
    MailboxRow mailbox = old_mailbox(stored);
    const MailboxId id = mailbox.mailbox.id;
    tables.mailboxes.insert(mailbox);
    auto message = messages.query(id);
    while (message.next()) mailbox.messages.add(tables.messages.write(id, old_message(message)));
    auto landing = landings.query(id);
    while (landing.next()) {
      tables.landings.write(id, old_landing(landing));
      mailbox.landings.add(sum_of(id, old_landing(landing)));
    }
    tables.mailboxes.write(mailbox);
    std::istringstream told(std::string(stored.bytes(OldMailboxColumn::told_places)));
    for (std::string warning; std::getline(told, warning);) tables.mailboxes.add_told(id, warning);
  }
}

}  // namespace mailhaul::state
