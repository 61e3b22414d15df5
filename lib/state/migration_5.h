// SPDX-License-Identifier: MIT
// Version 5 of the database records when the server's certificate ends, and which trouble was reported last.
#pragma once

namespace mailhaul::state {

class Database;

extern const char* const make_version_5;

/// Adds the column that a database of version 3 or 4 lacks.
void complete_version_5(Database& database);

}  // namespace mailhaul::state
