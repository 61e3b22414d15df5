// SPDX-License-Identifier: MIT
#include "state/migration_5.h"

#include "state/database.h"

namespace mailhaul::state {

const char* const make_version_5 = "ALTER TABLE runs ADD COLUMN certificate_until INTEGER;";

void complete_version_5(Database& database) {
  constexpr const char* has_column =
      "SELECT count(*) FROM pragma_table_info('mailboxes') WHERE name = 'told_status'";
  if (database.number(has_column) != 0) return;  // it was made from an earlier version a moment ago
  database.execute("ALTER TABLE mailboxes ADD COLUMN told_status INTEGER NOT NULL DEFAULT 0");
}

}  // namespace mailhaul::state
