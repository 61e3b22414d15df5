// SPDX-License-Identifier: MIT
#include "state/migration_3.h"

#include "state/database.h"
#include "state/mailbox_writer.h"

namespace mailhaul::state {

namespace {

constexpr const char* has_columns =
    "SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'received_bytes'";
constexpr const char* add_columns = R"sql(
  ALTER TABLE mailboxes ADD COLUMN sizes_are_off INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE mailboxes ADD COLUMN told_status INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN received_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN remade INTEGER NOT NULL DEFAULT 0;
)sql";

/// A row without hashes is known by UIDL and size until its message is read again.
void remove_hashes(Tables& tables, MailboxId mailbox) {
  MailboxWriter writer(tables, mailbox);
  const auto summaries = tables.messages.summaries(mailbox);
  for (const auto& summary : summaries.rows.rows()) {
    auto message = tables.messages.read(mailbox, summary.id);
    if (!message) continue;
    message->row.header.reset();
    message->row.content.reset();
    writer.put(*message);
  }
  writer.finish();
}

}  // namespace

void complete_version_3(Database& database) {
  if (database.number(has_columns) != 0) return;  // it was made from version 1 a moment ago
  database.execute(add_columns);
  Tables tables(database);
  for (const auto mailbox : tables.mailboxes.ids()) remove_hashes(tables, mailbox);
}

}  // namespace mailhaul::state
