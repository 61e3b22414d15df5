// SPDX-License-Identifier: MIT
#include "state/migration_4.h"

namespace mailhaul::state {

// A table of its own, since it is written at the end of each run, and no mail depends on it.
const char* const make_version_4 = R"sql(
  CREATE TABLE IF NOT EXISTS runs (
    mailbox INTEGER PRIMARY KEY REFERENCES mailboxes (id),
    ended INTEGER NOT NULL,                      -- the last run
    asked INTEGER,                               -- the last run that was to ask the server
    succeeded INTEGER,                           -- the last run without an error
    mail INTEGER,                                -- the last run that delivered something
    failing_since INTEGER,                       -- since then each run has failed
    status INTEGER NOT NULL,                     -- of the last run: its exit status,
    error TEXT NOT NULL,                         -- what went wrong,
    hint TEXT NOT NULL,
    listed INTEGER NOT NULL,                     -- how many messages stayed on the server,
    waiting INTEGER NOT NULL,                    -- how many of these are not delivered,
    waiting_bytes INTEGER NOT NULL,
    refusing TEXT NOT NULL                       -- the places that refused every message, one a line
  ) STRICT;
)sql";

}  // namespace mailhaul::state
